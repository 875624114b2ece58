//! A child process, and what is done to it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// This program once more, in another role. It is killed when this is dropped.
pub(crate) struct Victim(Child);

impl Victim {
    pub(crate) fn spawn(role: &str, folder: &Path, numbers: &[u64]) -> Self {
        let this = std::env::current_exe().expect("this program has a path");
        let child = Command::new(this)
            .args(["child", role])
            .arg(folder)
            .args(numbers.iter().map(u64::to_string))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        Victim(child.expect("a child starts"))
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([signal, &self.0.id().to_string()])
            .status();
        let sent = sent.expect("there is a program `kill`");
        assert!(sent.success(), "{signal} cannot be sent");
    }

    /// Freezes it for this long.
    pub(crate) fn freeze(&self, length: Duration) {
        self.signal("-STOP");
        sleep(length);
        self.signal("-CONT");
    }

    /// Kills it where it is.
    pub(crate) fn kill(mut self) {
        self.0.kill().expect("it is killed");
        self.0.wait().expect("it can be waited for");
    }

    /// The end of it, if it has ended.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().expect("it can be asked for")
    }

    /// Waits until it says something.
    pub(crate) fn hear(&mut self) {
        let said = self.0.stdout.take().expect("it is heard once");
        let mut line = String::new();
        let read = BufReader::new(said).read_line(&mut line);
        assert!(read.expect("it can be read") > 0, "it said nothing");
    }

    /// Closes its input, which tells it to finish, and waits until it has ended.
    pub(crate) fn finish(mut self) -> ExitStatus {
        self.0.wait().expect("it can be waited for")
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        // It has ended, unless a test fails.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits in a child until it is told to finish.
pub(crate) fn told_to_finish() {
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    read.expect("the parent closes it");
}
