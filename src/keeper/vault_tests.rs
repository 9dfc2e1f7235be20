//! The vault's own tests: what opens it, what does not, and what stands on the disk.

use std::os::unix::fs::PermissionsExt;

use super::key::Master;
use super::vault::{FILE, Vault, VaultFault};
use super::vault_text::Text;
use super::*;
use crate::base::limits;

struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hearth-vault-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }

    fn text(&self) -> Text {
        Text::parse(&std::fs::read_to_string(self.0.join(FILE)).unwrap()).unwrap()
    }

    fn write(&self, text: &str) {
        std::fs::write(self.0.join(FILE), text).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn master(byte: u8) -> Master {
    Master::Key(cipher::Key::new(&[byte; 32]).unwrap())
}

fn filled(folder: &Folder) -> Vault {
    let mut vault = Vault::create(&folder.0, &master(1), 0).unwrap();
    vault.put("wifi", b"wifi-canary", false).unwrap();
    vault.put("mqtt", b"mqtt-canary", false).unwrap();
    vault
}

fn open(folder: &Folder) -> Result<Vault, String> {
    Vault::open(&folder.0, &master(1)).map(Option::unwrap).map_err(|fault| fault.to_string())
}

#[test]
fn what_is_put_is_there_after_opening_again_and_not_in_the_clear() {
    let folder = Folder::new("put");
    drop(filled(&folder));
    let mut vault = open(&folder).unwrap();
    assert_eq!(vault.names(), ["mqtt", "wifi"]);
    assert_eq!(vault.value("wifi").unwrap().bytes(), b"wifi-canary");
    assert!(matches!(vault.put("wifi", b"new", false), Err(VaultFault::Taken(_))));
    vault.put("wifi", b"new", true).unwrap();
    vault.delete("mqtt").unwrap();
    assert!(matches!(vault.delete("mqtt"), Err(VaultFault::NotFound(_))));
    let vault = open(&folder).unwrap();
    assert_eq!(vault.value("wifi").unwrap().bytes(), b"new");
    assert_eq!((vault.names().len(), folder.text().records[0].version), (1, 2));
    assert!(!std::fs::read_to_string(folder.0.join(FILE)).unwrap().contains("canary"));
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(&folder.0), mode(&folder.0.join(FILE))), (0o700, 0o600));
}

#[test]
fn a_wrong_key_is_said_with_the_key_s_id() {
    let folder = Folder::new("key");
    let id = filled(&folder).key_id().to_owned();
    let fault = Vault::open(&folder.0, &master(2)).unwrap_err();
    assert!(matches!(&fault, VaultFault::WrongKey { id: told } if *told == id), "{fault}");
    let phrase = Master::parse(b"passphrase:correct horse battery").unwrap();
    assert!(Vault::open(&folder.0, &phrase).unwrap_err().to_string().contains("other kind"));
    assert!(matches!(Vault::create(&folder.0, &master(1), 0), Err(VaultFault::Exists(_))));
}

#[test]
fn a_passphrase_opens_what_it_made() {
    let folder = Folder::new("phrase");
    let phrase = Master::parse(b"passphrase:correct horse battery").unwrap();
    Vault::create(&folder.0, &phrase, 64 * 1024).unwrap().put("a", b"1", false).unwrap();
    assert_eq!(Vault::open(&folder.0, &phrase).unwrap().unwrap().value("a").unwrap().bytes(), b"1");
    let other = Master::parse(b"passphrase:correct horse batterz").unwrap();
    assert!(matches!(Vault::open(&folder.0, &other), Err(VaultFault::WrongKey { .. })));
}

#[test]
fn swapped_removed_and_older_records_are_refused() {
    let folder = Folder::new("swap");
    let mut vault = filled(&folder);
    let good = folder.text();
    let mut swapped = good.clone();
    let [one, two] = swapped.records.as_mut_slice() else { panic!("two records") };
    std::mem::swap(&mut one.sealed, &mut two.sealed);
    folder.write(&swapped.whole());
    assert!(open(&folder).unwrap_err().contains("secret 'wifi' version 1 does not open"));
    let mut renamed = good.clone();
    renamed.records[0].name = "other".to_owned();
    folder.write(&renamed.whole());
    assert!(open(&folder).unwrap_err().contains("'other'"));
    let mut removed = good.clone();
    removed.records.pop();
    folder.write(&removed.whole());
    assert!(open(&folder).unwrap_err().contains("list was changed"));
    vault.put("wifi", b"new", true).unwrap();
    let mut older = folder.text();
    older.records[0] = good.records[0].clone();
    folder.write(&older.whole());
    assert!(open(&folder).unwrap_err().contains("list was changed"));
}

#[test]
fn no_letter_of_the_file_can_be_changed() {
    let folder = Folder::new("flip");
    drop(filled(&folder));
    let whole = std::fs::read(folder.0.join(FILE)).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        // Another letter of the alphabet where there was one, so that most damage is left to the seals.
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        std::fs::write(folder.0.join(FILE), &bytes).unwrap();
        assert!(open(&folder).is_err(), "byte {at} of {}", whole.len());
    }
    std::fs::write(folder.0.join(FILE), &whole).unwrap();
    open(&folder).unwrap();
}

#[test]
fn rotation_changes_every_byte_of_key_and_records_and_no_value() {
    let folder = Folder::new("rotate");
    let mut vault = filled(&folder);
    vault.enrol(7, &[5; 64]).unwrap();
    let before = folder.text();
    assert_eq!(vault.rotate().unwrap(), 3);
    let after = folder.text();
    assert_ne!(before.id, after.id);
    assert_ne!(before.wrapped, after.wrapped);
    assert!(before.records.iter().zip(&after.records).all(|(a, b)| a.name == b.name && a.sealed != b.sealed));
    let vault = open(&folder).unwrap();
    assert_eq!(vault.value("mqtt").unwrap().bytes(), b"mqtt-canary");
    assert_eq!((vault.enrolled(7), vault.enrolled(8)), (Some([5; 64]), None));
}

#[test]
fn a_vault_that_others_can_reach_is_refused() {
    let folder = Folder::new("modes");
    drop(filled(&folder));
    let set = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set(&folder.0.join(FILE), 0o640);
    assert!(open(&folder).unwrap_err().contains("640"));
    set(&folder.0.join(FILE), 0o600);
    set(&folder.0, 0o750);
    assert!(open(&folder).unwrap_err().contains("750"));
    set(&folder.0, 0o700);
    std::fs::rename(folder.0.join(FILE), folder.0.join("moved")).unwrap();
    std::os::unix::fs::symlink("moved", folder.0.join(FILE)).unwrap();
    assert!(open(&folder).is_err(), "a symbolic link was followed");
}

#[test]
fn what_fails_to_be_written_changes_nothing() {
    let folder = Folder::new("fail");
    let mut vault = filled(&folder);
    // A folder in the place of the next file: it can be neither removed as a file nor written.
    std::fs::create_dir(folder.0.join("vault.new")).unwrap();
    assert!(matches!(vault.put("third", b"3", false), Err(VaultFault::System { .. })));
    assert!(matches!(vault.rotate(), Err(VaultFault::System { .. })));
    assert_eq!(vault.names(), ["mqtt", "wifi"]);
    assert_eq!(vault.value("wifi").unwrap().bytes(), b"wifi-canary");
    std::fs::remove_dir(folder.0.join("vault.new")).unwrap();
    assert_eq!(open(&folder).unwrap().names(), ["mqtt", "wifi"]);
}

#[test]
fn sizes_and_names_have_bounds() {
    let folder = Folder::new("caps");
    let mut vault = Vault::create(&folder.0, &master(1), 0).unwrap();
    let most = vec![b'x'; limits::VAULT_VALUE_BYTES];
    vault.put("most", &most, false).unwrap();
    assert!(matches!(vault.put("more", &[most.as_slice(), b"x"].concat(), false), Err(VaultFault::Full(_))));
    assert!(matches!(vault.put("none", b"", false), Err(VaultFault::Full(_))));
    assert!(matches!(vault.put("a b", b"x", false), Err(VaultFault::Name(..))));
    for n in 1..limits::VAULT_SECRETS {
        vault.put(&format!("n{n}"), b"x", false).unwrap();
    }
    assert!(matches!(vault.put("over", b"x", false), Err(VaultFault::Full(_))));
    // Full of every kind, it opens again.
    let public = super::schnorr::Secret::derive(&[7; 32]).unwrap().public();
    for n in 0..u32::try_from(limits::VAULT_PEERS).unwrap() {
        vault.enrol(n, &public).unwrap();
    }
    assert!(matches!(vault.enrol(9_999, &public), Err(VaultFault::Full(_))));
    vault.vouch(message::Head { place: limits::AUDIT_LEFT + 2, link: [1; 32] }, false).unwrap();
    vault.cut(message::Head { place: 1, link: [2; 32] }, false).unwrap();
    let again = open(&folder).unwrap();
    assert_eq!((again.names().len(), again.enrolled(15).is_some()), (limits::VAULT_SECRETS, true));
}

#[test]
fn the_front_of_the_audit_goes_only_forwards_and_never_the_latest() {
    let folder = Folder::new("cut");
    let mut vault = filled(&folder);
    let head = |place: u64, byte: u8| message::Head { place, link: [byte; 32] };
    let left = limits::AUDIT_LEFT;
    assert!(matches!(vault.cut(head(1, 1), false), Err(VaultFault::NoHead)), "nothing is known of any chain");
    assert_eq!(vault.cut_at().unwrap().0.place, 0);
    vault.vouch(head(left + 100, 9), false).unwrap();
    assert!(matches!(vault.cut(head(101, 1), false), Err(VaultFault::Latest { most: 100, .. })));
    let mac = vault.cut(head(60, 1), false).unwrap();
    assert_eq!(vault.cut(head(60, 1), false).unwrap(), mac, "the same again");
    for back in [head(59, 1), head(60, 2)] {
        assert!(matches!(vault.cut(back, false), Err(VaultFault::Backwards { .. })));
    }
    assert_ne!(mac, vault.vouched().unwrap().1);
    drop(vault);
    let mut vault = Vault::open(&folder.0, &master(1)).unwrap().unwrap();
    assert_eq!(vault.cut_at().unwrap(), (head(60, 1), mac), "it is on the disk");
    assert_eq!(vault.vouched().unwrap().0, head(left + 100, 9));
    vault.cut(head(0, 0), true).unwrap();
    assert_eq!(vault.cut_at().unwrap().0.place, 0, "an administrator takes the chain as it is");
}
