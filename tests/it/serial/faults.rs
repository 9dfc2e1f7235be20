//! What goes wrong on a line, as the service tells it: speed, unplugging, stalls, frames that are none, PINs.

use hearth::base::Code;
use hearth::wire::frame::{FromHearth, Outcome, ToHearth, fitted};

use super::far::Far;
use super::{command, replied, service};
use crate::kit::{Home, wait_for};

#[test]
fn the_line_is_raw() {
    use nix::sys::termios::LocalFlags;
    let (far, _home, _running) = service("");
    let flags = far.terminal().local_flags;
    assert!(!flags.intersects(LocalFlags::ECHO | LocalFlags::ICANON), "its own echo would answer itself: {flags:?}");
}

#[test]
fn an_unplugged_line_is_told_and_everything_else_goes_on() {
    let (mut far, home, running) = service("");
    far.write(b"turn on the kitchen lamp\n");
    far.expect("The kitchen lamp is on.");
    drop(far);
    wait_for("the loss to be told", || running.log().contains("the serial line is gone").then_some(()));
    wait_for("the next attempt", || running.log().contains("the serial line cannot be opened").then_some(()));
    assert!(home.run(&["ask", "turn off the kitchen lamp"]).ok);
    assert_eq!(home.line("kitchen_lamp").driven(), Some(0.0));
    let told = running.log().matches("the serial line cannot be opened").count();
    assert_eq!(told, 1, "said once, however often it is tried");
}

#[test]
fn a_line_that_takes_nothing_is_told_and_heard_again_after_it() {
    let (mut far, home, running) = service("");
    // Nobody reads: the kernel holds some kilobytes, then Hearth's own bound is reached.
    let mut asked = 0;
    wait_for("the stall to be told", || {
        for _ in 0..20 {
            far.write(b"/help\n");
            asked += 1;
        }
        running.log().contains("the serial line takes nothing").then_some(())
    });
    assert!(asked > 20 && home.run(&["ask", "turn on the kitchen lamp"]).ok, "others are served meanwhile");
    far.drain();
    // What is still on its way comes first; the question is put until it is answered.
    wait_for("the line to be heard again", || {
        far.write(b"is the kitchen lamp on?\n");
        std::thread::sleep(std::time::Duration::from_millis(50));
        far.text().contains("Yes, the kitchen lamp is on.").then_some(())
    });
}

#[test]
fn what_is_no_frame_is_an_error_and_the_next_frame_is_heard() {
    let (mut far, _home, _running) = service("");
    let good = hearth::wire::frame::encode(&command(1, "is the kitchen lamp on?")).expect("fits");
    let mut wrong = good.to_vec();
    wrong[8] ^= 0x20;
    let long = [&[0], &[7; 400][..], &[0]].concat();
    for bytes in [&wrong[..], &long, b"\0no frame\0"] {
        far.write(bytes);
        match far.frame() {
            FromHearth::Error { id: None, code, .. } => assert_eq!(code, Code::Garbage.number()),
            other => panic!("{other:?}"),
        }
        far.write(&good);
        assert_eq!(replied(&far.frame(), 1).0, Outcome::Done);
    }
}

#[test]
fn a_machine_gives_the_pin_too_and_hears_nothing_before_it() {
    let printed = Home::new().run_with_input(&["serial-pin"], b"4711\n");
    let (mut far, _home, _running) = service(&printed.out);
    let refused = |message: &FromHearth| match message {
        FromHearth::Error { code, .. } => *code == Code::Refused.number(),
        _ => false,
    };
    let pin = |id, pin: &str| ToHearth::Pin { id, pin: fitted(pin) };
    for message in [ToHearth::Events { on: true }, command(1, "turn on the kitchen lamp"), pin(2, "1234")] {
        far.send(&message);
        let answer = far.frame();
        assert!(refused(&answer), "{answer:?}");
    }
    // Who is there may be asked without it: version and ping say nothing of the home.
    far.send(&ToHearth::Ping { id: 3 });
    assert_eq!(far.frame(), FromHearth::Pong { id: 3 });
    far.send(&pin(4, "4711"));
    assert_eq!(replied(&far.frame(), 4).0, Outcome::Done);
    far.send(&command(5, "turn on the kitchen lamp"));
    assert_eq!(replied(&far.frame(), 5), (Outcome::Done, "The kitchen lamp is on.".into()));
}

#[test]
fn the_most_exact_identity_of_a_line_decides() {
    // The line is named by its tty: this one may only ask, whatever lines may in general.
    let mut far = Far::new();
    let name = far.path().rsplit('/').next().expect("a name").to_owned();
    let home = Home::with_config(&format!(
        "[serial]\nport = \"{}\"\n[people.owner]\nis = [\"serial\"]\nrights = \"own\"\n\
         [people.guest]\nis = [\"serial:{name}\"]\nrights = \"ask\"\n\
         [[home.entities]]\nid = \"light.kitchen_lamp\"\nname = \"Kitchen lamp\"\nline = \"kitchen_lamp\"\n",
        far.path()
    ));
    let running = home.start();
    wait_for("the line to be opened", || running.log().contains("serial line is open").then_some(()));
    far.write(b"is the kitchen lamp on?\n");
    far.expect("is off");
    far.write(b"turn on the kitchen lamp\n");
    far.expect(&format!("guest@serial:{name} may not use line_set"));
}
