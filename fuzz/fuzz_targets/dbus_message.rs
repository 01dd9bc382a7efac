//! Whatever bytes come over the bus are a message or none, and its values can be read or cannot.
#![no_main]
#![allow(dead_code, unreachable_pub, reason = "modules of node-exporter, which uses the rest")]

#[path = "../../crates/node-exporter/src/dbus/message.rs"]
mod message;
#[path = "../../crates/node-exporter/src/dbus/wire.rs"]
mod wire;

use message::Message;
use wire::Wire;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(Some(length)) = message::length(data) {
        assert!(length >= message::FIXED);
    }
    let Ok(message) = Message::parse(data) else { return };
    let mut body = Wire::new(message.body);
    while !body.is_empty() && body.variant().is_ok() {}
    let structs = Wire::new(message.body).structs();
    if let Ok(mut structs) = structs {
        while !structs.is_empty() && structs.text().is_ok() {
            structs.align(8);
        }
    }
});
