//! Stopping, and starting again at the same address.

use simulator::{Authority, Estate, Options, Unit};

use crate::client::{get, send, start};

#[tokio::test]
async fn a_stopped_simulator_starts_again_on_its_port_with_its_authority_and_estate() {
    let mut estate = Estate::empty();
    estate.add_unit(Unit::new("unit", 100, 10));
    let authority = Some(Authority::new().unwrap());
    let first = start(Options {
        estate,
        authority,
        ..Options::default()
    })
    .await;
    let (address, pem) = (first.address(), first.ca_pem().unwrap().to_owned());
    assert!(send(&first, get("/ping")).await.is_ok());
    let options = first.stop().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    let second = start(options).await;
    assert_eq!(
        (second.address(), second.ca_pem().unwrap()),
        (address, pem.as_str())
    );
    assert_eq!(
        send(&second, get("/storage/storage-units"))
            .await
            .unwrap()
            .ids(),
        ["unit"]
    );
    assert_eq!(second.requests().total(), 1);
}

#[tokio::test]
async fn an_address_in_use_is_an_error() {
    let first = start(Options::default()).await;
    let listen = first.address();
    let second = simulator::Simulator::start(Options {
        listen,
        ..Options::default()
    })
    .await;
    assert_eq!(second.err().unwrap().kind(), std::io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn the_estate_can_change_between_two_requests() {
    let simulator = start(Options::default()).await;
    assert!(
        send(&simulator, get("/storage/storage-units"))
            .await
            .unwrap()
            .ids()
            .is_empty()
    );
    simulator.change(|estate| estate.add_unit(Unit::new("new", 100, 10)));
    assert_eq!(
        send(&simulator, get("/storage/storage-units"))
            .await
            .unwrap()
            .ids(),
        ["new"]
    );
    assert_eq!(simulator.truth().units().len(), 1);
}
