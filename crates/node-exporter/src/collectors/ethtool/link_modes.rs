//! Link modes of Ethernet devices by name: speeds, kinds of ports and abilities. The kernel numbers them in one row.

/// The names of the kernel's set of strings `ETH_SS_LINK_MODES`, by number. Linux 6.18 has these; later ones are not shown.
const NAMES: [&str; 121] = [
    "10baseT/Half",
    "10baseT/Full",
    "100baseT/Half",
    "100baseT/Full",
    "1000baseT/Half",
    "1000baseT/Full",
    "Autoneg",
    "TP",
    "AUI",
    "MII",
    "FIBRE",
    "BNC",
    "10000baseT/Full",
    "Pause",
    "Asym_Pause",
    "2500baseX/Full",
    "Backplane",
    "1000baseKX/Full",
    "10000baseKX4/Full",
    "10000baseKR/Full",
    "10000baseR_FEC",
    "20000baseMLD2/Full",
    "20000baseKR2/Full",
    "40000baseKR4/Full",
    "40000baseCR4/Full",
    "40000baseSR4/Full",
    "40000baseLR4/Full",
    "56000baseKR4/Full",
    "56000baseCR4/Full",
    "56000baseSR4/Full",
    "56000baseLR4/Full",
    "25000baseCR/Full",
    "25000baseKR/Full",
    "25000baseSR/Full",
    "50000baseCR2/Full",
    "50000baseKR2/Full",
    "100000baseKR4/Full",
    "100000baseSR4/Full",
    "100000baseCR4/Full",
    "100000baseLR4_ER4/Full",
    "50000baseSR2/Full",
    "1000baseX/Full",
    "10000baseCR/Full",
    "10000baseSR/Full",
    "10000baseLR/Full",
    "10000baseLRM/Full",
    "10000baseER/Full",
    "2500baseT/Full",
    "5000baseT/Full",
    "None",
    "RS",
    "BASER",
    "50000baseKR/Full",
    "50000baseSR/Full",
    "50000baseCR/Full",
    "50000baseLR_ER_FR/Full",
    "50000baseDR/Full",
    "100000baseKR2/Full",
    "100000baseSR2/Full",
    "100000baseCR2/Full",
    "100000baseLR2_ER2_FR2/Full",
    "100000baseDR2/Full",
    "200000baseKR4/Full",
    "200000baseSR4/Full",
    "200000baseLR4_ER4_FR4/Full",
    "200000baseDR4/Full",
    "200000baseCR4/Full",
    "100baseT1/Full",
    "1000baseT1/Full",
    "400000baseKR8/Full",
    "400000baseSR8/Full",
    "400000baseLR8_ER8_FR8/Full",
    "400000baseDR8/Full",
    "400000baseCR8/Full",
    "LLRS",
    "100000baseKR/Full",
    "100000baseSR/Full",
    "100000baseLR_ER_FR/Full",
    "100000baseCR/Full",
    "100000baseDR/Full",
    "200000baseKR2/Full",
    "200000baseSR2/Full",
    "200000baseLR2_ER2_FR2/Full",
    "200000baseDR2/Full",
    "200000baseCR2/Full",
    "400000baseKR4/Full",
    "400000baseSR4/Full",
    "400000baseLR4_ER4_FR4/Full",
    "400000baseDR4/Full",
    "400000baseCR4/Full",
    "100baseFX/Half",
    "100baseFX/Full",
    "10baseT1L/Full",
    "800000baseCR8/Full",
    "800000baseKR8/Full",
    "800000baseDR8/Full",
    "800000baseDR8_2/Full",
    "800000baseSR8/Full",
    "800000baseVR8/Full",
    "10baseT1S/Full",
    "10baseT1S/Half",
    "10baseT1S_P2MP/Half",
    "10baseT1BRR/Full",
    "200000baseCR/Full",
    "200000baseKR/Full",
    "200000baseDR/Full",
    "200000baseDR_2/Full",
    "200000baseSR/Full",
    "200000baseVR/Full",
    "400000baseCR2/Full",
    "400000baseKR2/Full",
    "400000baseDR2/Full",
    "400000baseDR2_2/Full",
    "400000baseSR2/Full",
    "400000baseVR2/Full",
    "800000baseCR4/Full",
    "800000baseKR4/Full",
    "800000baseDR4/Full",
    "800000baseDR4_2/Full",
    "800000baseSR4/Full",
    "800000baseVR4/Full",
];

/// The numbers of the modes that are shown under names of their own.
pub(super) const AUTONEGOTIATION: usize = 6;
pub(super) const PAUSE: usize = 13;
pub(super) const ASYMMETRIC_PAUSE: usize = 14;

/// The modes that are kinds of ports.
const PORTS: [usize; 6] = [7, 8, 9, 10, 11, 16];

/// A speed and the way to reach it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Speed {
    pub(super) bytes_per_second: f64,
    pub(super) duplex: &'static str,
    /// As `1000baseT`.
    pub(super) mode: &'static str,
}

/// Whether the mode of this number is among `modes`.
pub(super) fn has(modes: &[u32], number: usize) -> bool {
    modes
        .get(number / 32)
        .is_some_and(|word| word >> (number % 32) & 1 != 0)
}

/// The kinds of ports among `modes`.
pub(super) fn ports(modes: &[u32]) -> impl Iterator<Item = &'static str> {
    PORTS
        .into_iter()
        .filter(|port| has(modes, *port))
        .map(|port| NAMES[port])
}

/// The speeds among `modes`.
pub(super) fn speeds(modes: &[u32]) -> impl Iterator<Item = Speed> {
    let names = NAMES.iter().enumerate().filter(|(number, _)| has(modes, *number));
    names.filter_map(|(_, name)| speed(name))
}

/// The speed in a name as `1000baseT/Full`; a name without a duplex is of a full one.
fn speed(name: &'static str) -> Option<Speed> {
    const BYTES_PER_MEGABIT: f64 = 1e6 / 8.0;
    let (mode, duplex) = name.split_once('/').unwrap_or((name, "Full"));
    let (megabits, _) = mode.split_once("base")?;
    Some(Speed {
        bytes_per_second: megabits.parse::<f64>().ok()? * BYTES_PER_MEGABIT,
        duplex: if duplex == "Half" { "half" } else { "full" },
        mode,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_bits_of_words() {
        let modes = [1 << 7 | 1 << 16 | 1 << 6, 1 << (47 - 32)];
        assert_eq!(ports(&modes).collect::<Vec<_>>(), ["TP", "Backplane"]);
        assert!(has(&modes, AUTONEGOTIATION) && !has(&modes, PAUSE) && !has(&modes, 1000));
        let expected = Speed {
            bytes_per_second: 312_500_000.0,
            duplex: "full",
            mode: "2500baseT",
        };
        assert_eq!(speeds(&modes).collect::<Vec<_>>(), [expected]);
    }

    #[test]
    fn every_name_is_a_speed_or_one_of_the_others() {
        let all = [u32::MAX; NAMES.len().div_ceil(32)];
        assert_eq!(speeds(&all).count() + PORTS.len() + 3 + 4, NAMES.len());
        for (name, bytes_per_second, duplex, mode) in [
            ("10baseT/Half", 1.25e6, "half", "10baseT"),
            ("10000baseR_FEC", 1.25e9, "full", "10000baseR_FEC"),
            ("10baseT1S_P2MP/Half", 1.25e6, "half", "10baseT1S_P2MP"),
        ] {
            let expected = Speed {
                bytes_per_second,
                duplex,
                mode,
            };
            assert_eq!(speed(name), Some(expected));
        }
        for other in ["Autoneg", "None", "BASER"] {
            assert_eq!(speed(other), None);
        }
    }
}
