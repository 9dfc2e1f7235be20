//! A command at a terminal of its own: what is expected is waited for, what is typed is typed.

use std::process::{Command, Stdio};

use super::Output;

/// Python's pty module makes the terminal; it is driven by pairs of what to wait for and what to type.
const DRIVER: &str = "
import json, os, pty, select, sys, time
steps = json.loads(sys.argv[1])
pid, fd = pty.fork()
if pid == 0:
    os.execve(sys.argv[2], sys.argv[2:], os.environ)
seen, at, until = b'', 0, time.monotonic() + 60
for expected, typed in steps + [[None, '']]:
    while expected is None or expected.encode() not in seen[at:]:
        if time.monotonic() > until: sys.exit('waited for %r in %r' % (expected, seen))
        if not select.select([fd], [], [], 0.2)[0]: continue
        try: part = os.read(fd, 4096)
        except OSError: part = b''
        if not part: break
        seen += part
    else:
        at = seen.index(expected.encode(), at) + len(expected.encode())
        os.write(fd, typed.encode())
        continue
    if expected is not None: sys.exit('ended before %r: %r' % (expected, seen))
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
";

/// Runs a command (with its environment) at a terminal; its output is everything that the terminal showed.
pub(crate) fn at_terminal(command: &Command, steps: &[(&str, &str)]) -> Output {
    let steps = serde_json::to_string(steps).expect("JSON");
    let mut driver = Command::new("python3");
    driver.args(["-c", DRIVER, &steps]).arg(command.get_program()).args(command.get_args());
    driver.env_clear().env("PATH", "/usr/bin:/bin");
    for (name, value) in command.get_envs() {
        driver.env(name, value.unwrap_or_default());
    }
    driver.stdout(Stdio::piped()).stderr(Stdio::piped());
    Output::of(driver, b"")
}
