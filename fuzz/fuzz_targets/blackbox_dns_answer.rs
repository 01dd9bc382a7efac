//! Whatever bytes a DNS server answers are an answer or none; the texts of its records are lines that a zone file could
//! have, and bounded.
#![no_main]
#![allow(dead_code, reason = "modules of blackbox-exporter, which uses the rest")]

#[path = "../../crates/blackbox-exporter/src/probers/dns/edns.rs"]
mod edns;
#[path = "../../crates/blackbox-exporter/src/probers/dns/layout.rs"]
mod layout;
#[path = "../../crates/blackbox-exporter/src/probers/dns/location.rs"]
mod location;
#[path = "../../crates/blackbox-exporter/src/probers/dns/message.rs"]
mod message;
#[path = "../../crates/blackbox-exporter/src/probers/dns/rdata.rs"]
mod rdata;
#[path = "../../crates/blackbox-exporter/src/probers/dns/record.rs"]
mod record;
#[path = "../../crates/blackbox-exporter/src/probers/dns/registry.rs"]
mod registry;
#[path = "../../crates/blackbox-exporter/src/probers/dns/service.rs"]
mod service;
#[path = "../../crates/blackbox-exporter/src/probers/dns/wire.rs"]
mod wire;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(name) = std::str::from_utf8(data)
        && let Ok(packed) = wire::pack_name(name)
    {
        assert!(packed.len() <= wire::LONGEST_NAME);
        let mut text = String::new();
        assert!(wire::Wire::new(&packed).name(&mut text).is_ok());
        assert_eq!(wire::pack_name(&text), Ok(packed));
    }
    let Ok(answer) = message::Answer::parse(data) else { return };
    let records = [answer.answer, answer.authority, answer.additional].concat();
    // The shortest record has a name of one byte, and ten bytes of head.
    assert!(records.len() <= data.len() / 11);
    for record in records {
        assert!(!record.text.is_empty());
        assert_eq!(record.serial.is_some(), record.kind == registry::SOA);
    }
});
