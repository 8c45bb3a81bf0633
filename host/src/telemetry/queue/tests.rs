use std::io::{PipeReader, Read as _, pipe};
use std::os::fd::OwnedFd;
use std::sync::mpsc;

use super::*;
use crate::telemetry::LogFormat;
use crate::telemetry::sink::LogStream;

/// A timeout for everything that must happen.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A queue that writes to a pipe, and its reports of dropped lines.
struct Piped {
    queue: Queue,
    sink: Arc<Sink>,
    log: PipeReader,
    reports: mpsc::Receiver<u64>,
}

impl Piped {
    fn new() -> Self {
        let (log, writer) = pipe().unwrap();
        let (sender, reports) = mpsc::channel();
        let report = move |dropped| sender.send(dropped).unwrap();
        Self {
            queue: Queue::start(report).unwrap(),
            sink: Arc::new(Sink {
                format: LogFormat::Logfmt,
                stream: LogStream::File(OwnedFd::from(writer).into()),
            }),
            log,
            reports,
        }
    }

    fn push(&self, text: String) {
        self.queue.push(LogLine {
            sink: Arc::clone(&self.sink),
            text,
        });
    }

    /// Pushes numbered lines until the first is dropped. Returns the number before it.
    fn fill(&self) -> usize {
        let pad = "x".repeat(1000);
        let mut lines = 0;
        while *self.queue.dropped().borrow() == 0 {
            self.push(format!("{lines} {pad}\n"));
            lines += 1;
        }
        lines - 1
    }

    /// Reads this number of bytes as lines.
    fn read(&mut self, bytes: usize) -> Vec<String> {
        let mut text = vec![0; bytes];
        self.log.read_exact(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

fn length(lines: usize) -> usize {
    (0..lines).map(|n| format!("{n} ").len() + 1001).sum()
}

#[test]
fn an_unread_log_blocks_nothing_and_dropped_lines_are_counted() {
    let mut piped = Piped::new();
    let kept = piped.fill();
    // The pipe holds some too, and the thread holds one.
    assert!(length(kept + 1) > CAPACITY, "{kept} lines");
    assert!(length(kept) < CAPACITY + 256 * 1024, "{kept} lines");
    // Short lines are dropped too, so that there is only one gap.
    (0..9).for_each(|_| piped.push("short\n".to_owned()));
    assert_eq!(*piped.queue.dropped().borrow(), 10);
    assert!(piped.reports.try_recv().is_err(), "there is no room yet");

    let lines = piped.read(length(kept));
    for (number, line) in lines.iter().enumerate() {
        assert!(line.starts_with(&format!("{number} ")), "{number}: {line}");
    }
    assert_eq!(piped.reports.recv(), Ok(10));
    piped.push("after\n".to_owned());
    assert_eq!(piped.read(6), ["after"]);
    piped.queue.flush(TIMEOUT);
    assert!(piped.reports.try_recv().is_err(), "it is reported once");
}

#[test]
fn a_line_longer_than_the_queue_is_written() {
    let mut piped = Piped::new();
    piped.push("x".repeat(2 * CAPACITY));
    piped.read(2 * CAPACITY);
    assert_eq!(*piped.queue.dropped().borrow(), 0);
}

#[test]
fn lines_that_cannot_be_written_are_counted_and_reported_when_one_can() {
    let piped = Piped::new();
    let full = Arc::new(Sink {
        format: LogFormat::Logfmt,
        stream: LogStream::File(
            std::fs::File::options()
                .write(true)
                .open("/dev/full")
                .unwrap(),
        ),
    });
    for text in ["one\n", "two\n"] {
        let (sink, text) = (Arc::clone(&full), text.into());
        piped.queue.push(LogLine { sink, text });
    }
    piped.queue.flush(TIMEOUT);
    assert_eq!(*piped.queue.dropped().borrow(), 2);
    assert!(piped.reports.try_recv().is_err(), "the disk is full");
    piped.push("three\n".to_owned());
    assert_eq!(piped.reports.recv(), Ok(2));
}

#[test]
fn a_flush_ends_when_the_last_line_is_written() {
    let mut piped = Piped::new();
    for number in 0..500 {
        piped.push(format!("{number}\n"));
    }
    piped.queue.flush(TIMEOUT);
    let text: String = (0..500).map(|number| format!("{number}\n")).collect();
    assert_eq!(piped.log.read(&mut vec![0; 65_536]).unwrap(), text.len());
}
