//! One address for a program that is restarted repeatedly.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Forwards connections to the current process; closes them if there is none.
pub(super) struct Front {
    address: SocketAddr,
    behind: Arc<Mutex<Option<SocketAddr>>>,
    task: JoinHandle<()>,
}

impl Front {
    /// On a free port of the loopback interface.
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let behind = Arc::new(Mutex::new(None));
        let task = tokio::spawn(accept(listener, Arc::clone(&behind)));
        Self {
            address,
            behind,
            task,
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets the target for new connections.
    pub(super) fn pass_to(&self, process: SocketAddr) {
        *self.behind.lock().unwrap_or_else(PoisonError::into_inner) = Some(process);
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, behind: Arc<Mutex<Option<SocketAddr>>>) {
    while let Ok((mut connection, _)) = listener.accept().await {
        let Some(process) = *behind.lock().unwrap_or_else(PoisonError::into_inner) else {
            continue;
        };
        tokio::spawn(async move {
            if let Ok(mut process) = TcpStream::connect(process).await {
                let _ = copy_bidirectional(&mut connection, &mut process).await;
            }
        });
    }
}
