//! Where log lines wait for standard error, so that no request does: a terminal or a journal that is slow, or stopped,
//! must not hold up those who sign in.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How long a line may wait for others to be written with.
const GATHERING: Duration = Duration::from_millis(20);
/// How long the end of the program waits for the last lines.
const LAST_WAIT: Duration = Duration::from_secs(1);
/// The most bytes that wait. What comes then is counted, and the count written.
const MOST_BYTES: usize = 1024 * 1024;

/// Takes lines and returns at once. Clones are one.
#[derive(Clone, Debug, Default)]
pub(super) struct LogWriter(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    pending: Mutex<Pending>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Pending {
    bytes: Vec<u8>,
    lost: usize,
    is_writing: bool,
}

/// Waits until everything is written: when it is told to, and when it is dropped.
#[must_use]
#[derive(Clone, Debug)]
pub(super) struct Flush(LogWriter);

impl LogWriter {
    /// Starts the thread that writes.
    ///
    /// # Errors
    ///
    /// When the system has no thread left.
    pub(super) fn start() -> io::Result<(Self, Flush)> {
        let writer = Self::default();
        let here = writer.clone();
        thread::Builder::new().name("log".to_owned()).spawn(move || here.write_for_ever())?;
        Ok((writer.clone(), Flush(writer)))
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.0.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_for_ever(&self) {
        loop {
            let idle = self.0.changed.wait_while(self.pending(), |pending| pending.bytes.is_empty());
            drop(idle.unwrap_or_else(PoisonError::into_inner));
            thread::sleep(GATHERING);
            self.write_pending();
        }
    }

    fn write_pending(&self) {
        let mut pending = self.pending();
        let (mut bytes, lost) = (std::mem::take(&mut pending.bytes), std::mem::take(&mut pending.lost));
        pending.is_writing = true;
        drop(pending);
        if lost > 0 {
            bytes.extend(
                format!("{lost} log lines were lost: standard error does not take them fast enough\n")
                    .bytes(),
            );
        }
        // There is nobody left to tell that standard error is gone.
        let _ = io::stderr().write_all(&bytes);
        self.pending().is_writing = false;
        self.0.changed.notify_all();
    }
}

impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut pending = self.pending();
        if pending.bytes.len() + line.len() > MOST_BYTES {
            pending.lost += 1;
        } else {
            let is_first = pending.bytes.is_empty();
            pending.bytes.extend_from_slice(line);
            if is_first {
                self.0.changed.notify_all();
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Flush {
    pub(super) fn flush(&self) {
        let is_waiting = |pending: &mut Pending| pending.is_writing || !pending.bytes.is_empty();
        drop(self.0.0.changed.wait_timeout_while(self.0.pending(), LAST_WAIT, is_waiting));
    }
}

impl Drop for Flush {
    fn drop(&mut self) {
        self.flush();
    }
}
