//! Devices on an I2C bus (include/uapi/linux/i2c-dev.h, Documentation/i2c/dev-interface.rst).
//!
//! The brain opens the bus and sets the device's address; what crosses to the `lines` hand talks to that
//! device only. The hand has I2C_SMBUS, which carries no address; I2C_SLAVE and I2C_RDWR, which do, are
//! not in its table.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use crate::hal::HalFault;

/// Sets the address that all further transfers of this descriptor go to.
const I2C_SLAVE: libc::Ioctl = 0x0703;
/// One SMBus transfer with that address.
const I2C_SMBUS: libc::Ioctl = 0x0720;

/// I2C_SMBUS_READ and I2C_SMBUS_WORD_DATA (include/uapi/linux/i2c.h).
const READ: u8 = 1;
const WORD_DATA: u32 = 3;

/// `struct i2c_smbus_ioctl_data`.
#[repr(C)]
struct Transfer {
    direction: u8,
    command: u8,
    size: u32,
    /// `union i2c_smbus_data`: a word of this processor's order, or a block of 34 bytes.
    data: *mut [u16; 17],
}

/// Opens a bus for one device.
///
/// # Errors
/// Where the node does not open, or the kernel does not give the address: EBUSY where a driver has it.
pub(crate) fn open(bus: &Path, address: u16) -> Result<OwnedFd, HalFault> {
    let failed = |error| HalFault::Open { path: bus.to_owned(), error };
    let file = File::options().read(true).write(true).open(bus).map_err(failed)?;
    let address_of = libc::c_ulong::from(address);
    // SAFETY: I2C_SLAVE takes a number and touches no memory of this process.
    if unsafe { libc::ioctl(file.as_raw_fd(), I2C_SLAVE, address_of) } == -1 {
        return Err(HalFault::Address { bus: bus.to_owned(), address, error: io::Error::last_os_error() });
    }
    Ok(file.into())
}

/// The 16-bit register of the device, high byte first as such devices send it, with its sign.
///
/// # Errors
/// The kernel's answer: ENXIO or EREMOTEIO where nobody answers on the bus.
pub(crate) fn word(device: &File, register: u8) -> io::Result<i16> {
    let mut block = [0_u16; 17];
    let mut transfer = Transfer { direction: READ, command: register, size: WORD_DATA, data: &raw mut block };
    // SAFETY: `transfer` has the kernel's layout and points to room for its largest answer; both outlive the call.
    if unsafe { libc::ioctl(device.as_raw_fd(), I2C_SMBUS, &raw mut transfer) } == -1 {
        return Err(io::Error::last_os_error());
    }
    // SMBus puts the low byte first (SMBus 3.1, 6.5.5); what measures sends the high byte first.
    Ok(block[0].swap_bytes().cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_the_address_no_descriptor_comes_back() {
        let fault = open(Path::new("/dev/null"), 0x48).expect_err("not a bus");
        let HalFault::Address { address: 0x48, error, .. } = &fault else { panic!("{fault}") };
        assert_eq!(error.raw_os_error(), Some(libc::ENOTTY));
        assert!(fault.to_string().contains("0x48"), "{fault}");
        let absent = open(Path::new("/dev/i2c-none"), 0x48).expect_err("no node");
        assert!(matches!(absent, HalFault::Open { .. }), "{absent}");
    }

    #[test]
    fn a_transfer_has_the_layout_of_the_kernel() {
        let pointer = size_of::<*const u8>();
        assert_eq!(size_of::<Transfer>(), 8 + pointer);
        assert_eq!((std::mem::offset_of!(Transfer, size), std::mem::offset_of!(Transfer, data)), (4, 8));
        assert!(word(&File::open("/dev/null").expect("opened"), 0).is_err());
    }
}
