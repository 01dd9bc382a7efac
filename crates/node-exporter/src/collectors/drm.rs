//! Graphics cards of AMD, from device/ of the cards in /sys/class/drm. What a card does not tell is missing alone.

use std::path::{Path, PathBuf};

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::attribute;

use crate::context::Context;
use crate::source::{if_present, names_in};

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "drm",
    enabled_by_default: false,
    flags: &[],
    build: |context| {
        Ok(Box::new(Drm {
            directory: context.sys_path("class/drm"),
        }))
    },
};

const INFO: Desc<'_> = Desc::gauge(
    "node_drm_card_info",
    "Card information",
    &[
        "card",
        "memory_vendor",
        "power_performance_level",
        "unique_id",
        "vendor",
    ],
);
const VENDOR: &str = "amd";
const DRIVER: &[u8] = b"DRIVER=amdgpu";

/// The files that are labels of [`INFO`], in their order.
const TEXTS: [&str; 3] = ["mem_info_vram_vendor", "power_dpm_force_performance_level", "unique_id"];

macro_rules! number {
    ($file:literal, $name:literal, $help:literal) => {
        ($file, Desc::gauge(concat!("node_drm_", $name), $help, &["card"]))
    };
}

/// The files that hold a number, and the families that show them as they are.
const NUMBERS: [(&str, Desc<'_>); 7] = [
    number!(
        "gpu_busy_percent",
        "gpu_busy_percent",
        "How busy the GPU is as a percentage."
    ),
    number!(
        "mem_info_gtt_total",
        "memory_gtt_size_bytes",
        "The size of the graphics translation table (GTT) block in bytes."
    ),
    number!(
        "mem_info_gtt_used",
        "memory_gtt_used_bytes",
        "The used amount of the graphics translation table (GTT) block in bytes."
    ),
    number!(
        "mem_info_vis_vram_total",
        "memory_vis_vram_size_bytes",
        "The size of visible VRAM in bytes."
    ),
    number!(
        "mem_info_vis_vram_used",
        "memory_vis_vram_used_bytes",
        "The used amount of visible VRAM in bytes."
    ),
    number!(
        "mem_info_vram_total",
        "memory_vram_size_bytes",
        "The size of VRAM in bytes."
    ),
    number!(
        "mem_info_vram_used",
        "memory_vram_used_bytes",
        "The used amount of VRAM in bytes."
    ),
];

struct Drm {
    directory: PathBuf,
}

/// What one card's files hold; unreadable numbers are `None`, unreadable texts empty.
struct Card {
    name: String,
    numbers: [Option<u64>; NUMBERS.len()],
    texts: [String; TEXTS.len()],
}

impl Collector for Drm {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let names = if_present(names_in(&self.directory))?.unwrap_or_default();
        let cards = names.into_iter().filter(|name| is_card(name));
        let cards: Vec<Card> = cards.filter_map(|name| Card::read(&self.directory, name)).collect();
        encode(&cards, out);
        Ok(())
    }
}

/// `card0`, but not its connectors, as `card0-DP-1`.
fn is_card(name: &str) -> bool {
    let number = name.strip_prefix("card").unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

impl Card {
    /// `None` for cards of others, and for one that goes away meanwhile.
    fn read(directory: &Path, name: String) -> Option<Self> {
        let device = directory.join(&name).join("device");
        let read = |file: &str| std::fs::read(device.join(file)).ok();
        read("uevent")?
            .split(|byte| *byte == b'\n')
            .find(|line| *line == DRIVER)?;
        let text = |file: &str| Some(attribute::text(&read(file)?).ok()?.to_owned());
        Some(Self {
            numbers: NUMBERS
                .each_ref()
                .map(|(file, _)| attribute::parse_u64(&read(file)?).ok()),
            texts: TEXTS.map(|file| text(file).unwrap_or_default()),
            name,
        })
    }
}

fn encode(cards: &[Card], out: &mut Encoder) {
    let mut family = out.family(&INFO);
    for card in cards {
        let [memory_vendor, level, unique_id] = card.texts.each_ref().map(String::as_str);
        family.sample(&[card.name.as_str(), memory_vendor, level, unique_id, VENDOR], 1.0);
    }
    for (index, (_, desc)) in NUMBERS.iter().enumerate() {
        let mut family = out.family(desc);
        for card in cards {
            if let Some(number) = card.numbers[index] {
                family.sample(&[card.name.as_str()], number as f64);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use exposition::{Format, assemble};

    use super::*;
    use crate::testing::root;

    #[test]
    fn only_cards_with_the_driver_of_amd_are_shown_and_only_what_they_tell() {
        let root = root(&[
            ("card0/device/uevent", "DRIVER=i915\n"),
            ("card10/device/uevent", "PCI_CLASS=30000\nDRIVER=amdgpu\n"),
            ("card10/device/gpu_busy_percent", "7\n"),
            ("card10/device/mem_info_gtt_used", "odd\n"),
            ("card2/device/uevent", "DRIVER=amdgpu2\n"),
            ("card3/vanishing", ""),
            ("card10-DP-1/device/uevent", "DRIVER=amdgpu\n"),
            ("version", "drm 1.1.0\n"),
        ]);
        let mut collector = Drm {
            directory: root.path().to_owned(),
        };
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        collector.collect(&mut out).unwrap();
        assemble([&out], &mut text);
        let text = String::from_utf8(text).unwrap();
        let samples: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let expected = [
            r#"node_drm_card_info{card="card10",memory_vendor="",power_performance_level="",unique_id="",vendor="amd"} 1"#,
            r#"node_drm_gpu_busy_percent{card="card10"} 7"#,
        ];
        assert_eq!(samples, expected);
    }
}
