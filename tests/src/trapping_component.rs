//! Turns a component into one that traps on every call: each function body becomes `unreachable`.
//!
//! Only the two binary formats' framing is read (component and core module: sections; code section: bodies), so
//! the result stays valid and keeps the imports and exports of the original.

const COMPONENT_CORE_MODULE: u8 = 1;
const MODULE_CODE: u8 = 10;
const HEADER_BYTES: usize = 8;
const UNREACHABLE: u8 = 0x00;
const NOP: u8 = 0x01;
const END: u8 = 0x0b;

/// # Panics
/// When the bytes are no component with a core module that has code.
#[must_use]
pub(crate) fn trap_everywhere(component: &[u8]) -> Vec<u8> {
    let mut bytes = component.to_vec();
    let mut broken = 0;
    for (id, start, end) in sections(component, HEADER_BYTES, component.len()) {
        if id != COMPONENT_CORE_MODULE {
            continue;
        }
        for (id, start, end) in sections(component, start + HEADER_BYTES, end) {
            if id == MODULE_CODE {
                broken += break_bodies(&mut bytes, start, end);
            }
        }
    }
    assert!(broken > 0, "no code found in the component");
    bytes
}

/// `(id, start, end)` of each section between two offsets.
fn sections(bytes: &[u8], mut at: usize, end: usize) -> Vec<(u8, usize, usize)> {
    let mut found = Vec::new();
    while at < end {
        let id = bytes[at];
        let (size, start) = leb(bytes, at + 1);
        found.push((id, start, start + size));
        at = start + size;
    }
    found
}

/// No locals, `unreachable`, padding, `end`: valid for every signature. A body too short for that stays.
fn break_bodies(bytes: &mut [u8], start: usize, end: usize) -> usize {
    let (count, mut at) = leb(bytes, start);
    let mut broken = 0;
    for _ in 0..count {
        let (size, body) = leb(bytes, at);
        at = body + size;
        assert!(at <= end, "a body beyond its section");
        if size >= 3 {
            bytes[body..at].fill(NOP);
            bytes[body] = 0;
            bytes[body + 1] = UNREACHABLE;
            bytes[at - 1] = END;
            broken += 1;
        }
    }
    broken
}

/// An unsigned LEB128 number and the offset after it.
fn leb(bytes: &[u8], mut at: usize) -> (usize, usize) {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = bytes[at];
        at += 1;
        value |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return (value, at);
        }
    }
}
