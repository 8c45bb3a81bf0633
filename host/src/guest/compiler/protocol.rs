//! The protocol between the exporter and the compiler process. Numbers are 64-bit
//! little-endian.

use std::io::{self, Read, Write};
use std::time::Duration;

use bytes::Bytes;

use super::super::{ComponentLimits, LARGEST};

/// Maximum size of an artifact in bytes. Machine code has about six times the size of
/// its component.
pub(super) const LARGEST_ARTIFACT: u64 = 6 * LARGEST;

/// A component to compile.
pub(super) struct CompileJob {
    pub(super) limits: ComponentLimits,
    pub(super) bytes: Bytes,
}

/// Size of the header of a job.
pub(super) const JOB_HEAD: usize = 5 * 8;
/// Size of the header of an answer.
const ANSWER_HEAD: usize = 1 + 8;

impl CompileJob {
    pub(super) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let limits = &self.limits;
        let numbers = [
            u64::try_from(limits.compile.as_millis()).unwrap_or(u64::MAX),
            limits.memory as u64,
            limits.functions as u64,
            limits.function_bytes as u64,
            self.bytes.len() as u64,
        ];
        for number in numbers {
            to.write_all(&number.to_le_bytes())?;
        }
        to.write_all(&self.bytes)
    }

    /// Parses a header into the limits and the length of the component.
    pub(super) fn parse_head(head: &[u8; JOB_HEAD]) -> io::Result<(ComponentLimits, u64)> {
        let number = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&head[at * 8..][..8]);
            u64::from_le_bytes(bytes)
        };
        let size = |at| usize::try_from(number(at)).unwrap_or(usize::MAX);
        let limits = ComponentLimits {
            compile: Duration::from_millis(number(0)),
            memory: size(1),
            functions: size(2),
            function_bytes: size(3),
        };
        let length = number(4);
        if length > LARGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok((limits, length))
    }
}

/// What compiling a component took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CompileCost {
    /// Functions of all core modules.
    pub functions: u64,
    /// The duration.
    pub time: Duration,
    /// The peak memory of the worker in bytes; 0 if unknown.
    pub peak_memory: u64,
}

impl CompileCost {
    /// The size of its encoding in bytes.
    const SIZE: usize = 3 * 8;

    /// Puts the cost before the artifact.
    pub(super) fn before(self, artifact: &[u8]) -> Vec<u8> {
        let time = u64::try_from(self.time.as_millis()).unwrap_or(u64::MAX);
        let mut payload = Vec::with_capacity(Self::SIZE + artifact.len());
        for number in [self.functions, time, self.peak_memory] {
            payload.extend(number.to_le_bytes());
        }
        payload.extend(artifact);
        payload
    }

    /// Splits a payload into the cost and the artifact.
    pub(super) fn split(payload: &[u8]) -> Option<(Self, &[u8])> {
        let (head, artifact) = payload.split_first_chunk::<{ Self::SIZE }>()?;
        let mut numbers = head.chunks_exact(8).map(|bytes| {
            // Each chunk has 8 bytes.
            u64::from_le_bytes(bytes.try_into().unwrap_or_default())
        });
        let cost = Self {
            functions: numbers.next()?,
            time: Duration::from_millis(numbers.next()?),
            peak_memory: numbers.next()?,
        };
        Some((cost, artifact))
    }
}

/// The result of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CompileStatus {
    /// The payload is the cost and the artifact. For all other results, it is the reason.
    Compiled,
    TooComplex,
    NotAComponent,
    Unlinkable,
    TooSlow,
    Failed,
}

impl CompileStatus {
    const ALL: [Self; 6] = [
        Self::Compiled,
        Self::TooComplex,
        Self::NotAComponent,
        Self::Unlinkable,
        Self::TooSlow,
        Self::Failed,
    ];

    pub(super) fn tag(self) -> u8 {
        self as u8
    }

    pub(super) fn of(tag: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.tag() == tag)
    }
}

/// The result of a job and its payload.
#[derive(Debug)]
pub(super) struct CompileAnswer {
    pub(super) status: CompileStatus,
    pub(super) payload: Vec<u8>,
}

impl CompileAnswer {
    pub(super) fn refused(status: CompileStatus, why: impl Into<String>) -> Self {
        Self {
            status,
            payload: why.into().into_bytes(),
        }
    }

    /// The header.
    pub(super) fn head(&self) -> [u8; ANSWER_HEAD] {
        let mut head = [self.status.tag(); ANSWER_HEAD];
        head[1..].copy_from_slice(&(self.payload.len() as u64).to_le_bytes());
        head
    }

    pub(super) fn read(from: &mut impl Read) -> io::Result<Self> {
        let mut head = [0; ANSWER_HEAD];
        from.read_exact(&mut head)?;
        let [tag, length @ ..] = head;
        let status = CompileStatus::of(tag).ok_or(io::ErrorKind::InvalidData)?;
        let length = u64::from_le_bytes(length);
        if length > LARGEST_ARTIFACT {
            return Err(io::ErrorKind::InvalidData.into());
        }
        // Allocated at once, because a growing vector would temporarily need twice the
        // memory.
        let mut payload = vec![0; usize::try_from(length).unwrap_or_default()];
        from.read_exact(&mut payload)?;
        Ok(Self { status, payload })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_and_answers_survive_a_round_trip() {
        let limits = ComponentLimits {
            functions: 1,
            function_bytes: 2,
            compile: Duration::from_millis(3),
            memory: 4,
        };
        let job = CompileJob {
            limits,
            bytes: Bytes::from_static(b"component"),
        };
        let mut sent = Vec::new();
        job.write(&mut sent).unwrap();
        let (head, bytes) = sent.split_first_chunk().unwrap();
        assert_eq!(CompileJob::parse_head(head).unwrap(), (limits, 9));
        assert_eq!(bytes, b"component");

        for status in CompileStatus::ALL {
            let answer = CompileAnswer::refused(status, "why");
            let sent = [&answer.head()[..], &answer.payload].concat();
            let read = CompileAnswer::read(&mut &sent[..]).unwrap();
            assert_eq!((read.status, &read.payload[..]), (status, &b"why"[..]));
            // A truncated artifact is an error.
            assert!(CompileAnswer::read(&mut &sent[..sent.len() - 1]).is_err());
        }
    }

    #[test]
    fn a_cost_comes_before_the_artifact() {
        let cost = CompileCost {
            functions: 1,
            time: Duration::from_millis(2),
            peak_memory: 3,
        };
        let payload = cost.before(b"code");
        assert_eq!(CompileCost::split(&payload), Some((cost, &b"code"[..])));
        assert_eq!(CompileCost::split(&payload[..23]), None);
    }

    #[test]
    fn invalid_lengths_and_statuses_are_errors() {
        let mut endless = [0; 9];
        endless[1..].fill(0xff);
        assert!(CompileAnswer::read(&mut &endless[..]).is_err());
        assert!(CompileAnswer::read(&mut &[99, 0, 0, 0, 0, 0, 0, 0, 0][..]).is_err());
        let head = [0xff; JOB_HEAD];
        assert!(CompileJob::parse_head(&head).is_err());
    }
}
