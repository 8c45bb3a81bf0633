//! Swaps of guests and reloads of configurations.

use std::fs;
use std::path::{Path, PathBuf};

use tests::{Client, eventually, guests};

/// Reloads for each guest.
const RELOADS: u32 = 10;

/// Repeatedly changes the guest and the configuration of the exporter.
pub(crate) struct Changes {
    folder: PathBuf,
    port: u16,
    guests: u32,
    reloads: u32,
}

impl Changes {
    /// Writes the first guest and configuration into `folder`.
    pub(crate) fn new(folder: &Path, port: u16) -> Self {
        let changes = Self {
            folder: folder.to_owned(),
            port,
            guests: 1,
            reloads: 1,
        };
        changes.install(&guests::good_with("soak 1"));
        changes.configure("");
        changes
    }

    /// Swaps the guest and reloads changed files; sometimes with an invalid guest and
    /// an invalid file.
    pub(crate) async fn turn(&mut self, client: &Client) {
        self.guests += 1;
        let before = swaps(client, "promoted").await;
        self.install(&guests::good_with(&format!("soak {}", self.guests)));
        let reloaded = client.post("/-/reload").await;
        assert!(reloaded.status.is_success(), "{}", reloaded.text());
        let taken = async || swaps(client, "promoted").await > before;
        eventually("the guest is taken", taken).await;
        for _ in 0..RELOADS {
            self.reloads += 1;
            self.configure("");
            let reloaded = client.post("/-/reload").await;
            assert!(reloaded.status.is_success(), "{}", reloaded.text());
        }
        if self.guests.is_multiple_of(10) {
            self.blunder(client).await;
        }
    }

    async fn blunder(&self, client: &Client) {
        let before = swaps(client, "refused").await;
        self.install(format!("no guest {}", self.guests).as_bytes());
        let refused = async || swaps(client, "refused").await > before;
        eventually("what is no guest is refused", refused).await;
        self.configure("servr: 1\n");
        let reloaded = client.post("/-/reload").await;
        assert!(!reloaded.status.is_success(), "{}", reloaded.text());
        self.configure("");
    }

    fn install(&self, guest: &[u8]) {
        guests::install(guest, &self.folder.join(guests::FILE));
    }

    /// Each configuration differs in its interval and a comment.
    fn configure(&self, more: &str) {
        let (number, port) = (self.reloads, self.port);
        let interval = 300 + number % 7;
        let site = |name: &str| {
            format!(
                "- {{ site: {name}, scheme: http, host: 127.0.0.1, port: {port}, apiKey: simulator }}\n"
            )
        };
        let text = format!(
            "# {number}\n{more}{}server: {{ collectionInterval: {interval}ms }}\n\
             nbuservers:\n{}{}",
            guests::GUEST,
            site("paris"),
            site("oslo")
        );
        // Replace it atomically: a partial file is an error.
        let file = self.folder.join("config.new");
        fs::write(&file, text).unwrap();
        fs::rename(&file, self.folder.join("config.yaml")).unwrap();
    }
}

async fn swaps(client: &Client, result: &str) -> f64 {
    let labels = [("result", result)];
    client
        .scrape()
        .await
        .sum("nbu_exporter_guest_swaps_total", &labels)
}
