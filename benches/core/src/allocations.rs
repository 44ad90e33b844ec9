//! Counts what is allocated, once it is asked to: before, all is passed on, so that a
//! program that measures time pays nothing for it.

#![allow(unsafe_code, reason = "`GlobalAlloc` is an unsafe trait; everything is passed on")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicUsize, Ordering::Relaxed};

/// The system's allocator, counted. Name it as the `#[global_allocator]`.
pub struct Counting;

static COUNTS: AtomicBool = AtomicBool::new(false);
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static LIVE: AtomicIsize = AtomicIsize::new(0);
static PEAK: AtomicIsize = AtomicIsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        taken(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if COUNTS.load(Relaxed) {
            LIVE.fetch_sub(layout.size() as isize, Relaxed);
        }
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        taken(size as isize - layout.size() as isize);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

fn taken(bytes: isize) {
    if COUNTS.load(Relaxed) {
        ALLOCATIONS.fetch_add(1, Relaxed);
        let live = LIVE.fetch_add(bytes, Relaxed) + bytes;
        PEAK.fetch_max(live, Relaxed);
    }
}

/// Counts from here on.
pub fn begin() {
    COUNTS.store(true, Relaxed);
}

/// Allocations and reallocations so far.
pub fn count() -> usize {
    ALLOCATIONS.load(Relaxed)
}

/// Bytes allocated and not freed.
pub fn live() -> isize {
    LIVE.load(Relaxed)
}

/// The most bytes that were live at once since this was last called.
pub fn peak() -> isize {
    PEAK.swap(live(), Relaxed)
}
