//! The allocator of every program here: the system's, which in a hand ends the hand when there is no more.
//!
//! The library's own answer is abort(3), whose signal no hand may send, so that a hand without memory would
//! look like one that tried what is forbidden. It leaves by a status of its own instead, and that is told.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, Ordering};

use super::ended::SPENT;
use crate::base::sys;

/// Whether this process is a hand; set once, while it has one thread.
static IN_A_HAND: AtomicBool = AtomicBool::new(false);

#[global_allocator]
static HEAP: Heap = Heap;

struct Heap;

/// From here on an allocation that fails is the end of this process.
pub(super) fn end_when_spent() {
    IN_A_HAND.store(true, Ordering::Relaxed);
}

fn there(block: *mut u8) -> *mut u8 {
    if block.is_null() && IN_A_HAND.load(Ordering::Relaxed) {
        sys::exit_now(SPENT);
    }
    block
}

// SAFETY: every call is the system allocator's, with the caller's own promises; a block is passed on as it is.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        there(unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        there(unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        there(unsafe { System.realloc(block, layout, size) })
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}
