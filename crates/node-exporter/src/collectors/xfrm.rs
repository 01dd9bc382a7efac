//! Packets that IPsec refused, from /proc/net/xfrm_stat. What an old kernel does not count is 0, as in node_exporter.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::flat_keyed;

use crate::context::Context;
use crate::source::Source;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "xfrm",
    enabled_by_default: false,
    flags: &[],
    build: |context| {
        Ok(Box::new(Xfrm {
            source: context.proc("net/xfrm_stat"),
        }))
    },
};

macro_rules! packets {
    ($field:literal, $name:literal, $help:literal) => {
        (
            $field,
            Desc::counter(concat!("node_xfrm_", $name, "_packets_total"), $help, &[]),
        )
    };
}

/// The fields that are shown, in the kernel's order, and their families.
const FIELDS: [(&str, Desc<'_>); 28] = [
    packets!("XfrmInError", "in_error", "All errors not matched by other"),
    packets!("XfrmInBufferError", "in_buffer_error", "No buffer is left"),
    packets!("XfrmInHdrError", "in_hdr_error", "Header error"),
    packets!(
        "XfrmInNoStates",
        "in_no_states",
        "No state is found i.e. Either inbound SPI, address, or IPsec protocol at SA is wrong"
    ),
    packets!(
        "XfrmInStateProtoError",
        "in_state_proto_error",
        "Transformation protocol specific error e.g. SA key is wrong"
    ),
    packets!(
        "XfrmInStateModeError",
        "in_state_mode_error",
        "Transformation mode specific error"
    ),
    packets!(
        "XfrmInStateSeqError",
        "in_state_seq_error",
        "Sequence error i.e. Sequence number is out of window"
    ),
    packets!("XfrmInStateExpired", "in_state_expired", "State is expired"),
    packets!(
        "XfrmInStateMismatch",
        "in_state_mismatch",
        "State has mismatch option e.g. UDP encapsulation type is mismatch"
    ),
    packets!("XfrmInStateInvalid", "in_state_invalid", "State is invalid"),
    packets!(
        "XfrmInTmplMismatch",
        "in_tmpl_mismatch",
        "No matching template for states e.g. Inbound SAs are correct but SP rule is wrong"
    ),
    packets!(
        "XfrmInNoPols",
        "in_no_pols",
        "No policy is found for states e.g. Inbound SAs are correct but no SP is found"
    ),
    packets!("XfrmInPolBlock", "in_pol_block", "Policy discards"),
    packets!("XfrmInPolError", "in_pol_error", "Policy error"),
    packets!("XfrmOutError", "out_error", "All errors which is not matched others"),
    packets!(
        "XfrmOutBundleGenError",
        "out_bundle_gen_error",
        "Bundle generation error"
    ),
    packets!(
        "XfrmOutBundleCheckError",
        "out_bundle_check_error",
        "Bundle check error"
    ),
    packets!("XfrmOutNoStates", "out_no_states", "No state is found"),
    packets!(
        "XfrmOutStateProtoError",
        "out_state_proto_error",
        "Transformation protocol specific error"
    ),
    packets!(
        "XfrmOutStateModeError",
        "out_state_mode_error",
        "Transformation mode specific error"
    ),
    packets!(
        "XfrmOutStateSeqError",
        "out_state_seq_error",
        "Sequence error i.e. Sequence number overflow"
    ),
    packets!("XfrmOutStateExpired", "out_state_expired", "State is expired"),
    packets!("XfrmOutPolBlock", "out_pol_block", "Policy discards"),
    packets!("XfrmOutPolDead", "out_pol_dead", "Policy is dead"),
    packets!("XfrmOutPolError", "out_pol_error", "Policy error"),
    packets!(
        "XfrmFwdHdrError",
        "fwd_hdr_error",
        "Forward routing of a packet is not allowed"
    ),
    packets!(
        "XfrmOutStateInvalid",
        "out_state_invalid",
        "State is invalid, perhaps expired"
    ),
    packets!(
        "XfrmAcquireError",
        "acquire_error",
        "State hasn’t been fully acquired before use"
    ),
];

struct Xfrm {
    source: Source,
}

impl Collector for Xfrm {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let counts = self.source.parse(flat_keyed::parse)?;
        for (field, desc) in &FIELDS {
            let count = counts.iter().find(|(name, _)| name == field);
            out.scalar(desc, count.map_or(0, |(_, count)| *count) as f64);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use exposition::{Format, assemble};

    use super::*;
    use crate::testing::root;

    #[test]
    fn what_the_kernel_does_not_count_is_0() {
        let root = root(&[("xfrm_stat", "XfrmInHdrError 9\nXfrmFromTomorrow 1\n")]);
        let source = Source::new(root.path().join("xfrm_stat"));
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        Xfrm { source }.collect(&mut out).unwrap();
        assemble([&out], &mut text);
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("\nnode_xfrm_in_hdr_error_packets_total 9\n"), "{text}");
        assert!(text.contains("\nnode_xfrm_acquire_error_packets_total 0\n"), "{text}");
        assert_eq!(out.sample_count(), FIELDS.len());
    }
}
