//! Grafana's colors by name, its palette for series, and its continuous schemes.

/// Red, green and blue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// Of each hue: dark, semi-dark, plain, light, super-light.
const HUES: [(&str, [u32; 5]); 6] = [
    ("red", [0xC4_162A, 0xE0_2F44, 0xF2_495C, 0xFF_7383, 0xFF_A6B0]),
    ("orange", [0xFA_6400, 0xFF_780A, 0xFF_9830, 0xFF_B357, 0xFF_CB7D]),
    ("yellow", [0xE0_B400, 0xF2_CC0C, 0xFA_DE2A, 0xFF_EE52, 0xFF_F899]),
    ("green", [0x37_872D, 0x56_A64B, 0x73_BF69, 0x96_D98D, 0xC8_F2C2]),
    ("blue", [0x1F_60C4, 0x32_74D9, 0x57_94F2, 0x8A_B8FF, 0xC0_D8FF]),
    ("purple", [0x8F_3BB8, 0xA3_52CC, 0xB8_77D9, 0xCA_95E5, 0xDE_B6F2]),
];

/// What series are drawn with, one after another.
const PALETTE: [u32; 24] = [
    0x73_BF69, 0xF2_CC0C, 0x8A_B8FF, 0xFF_780A, 0xF2_495C, 0x57_94F2, 0xB8_77D9, 0x70_5DA0, 0x37_872D, 0xFA_DE2A,
    0x44_7EBC, 0xC1_5C17, 0x89_0F02, 0x0A_437C, 0x6D_1F62, 0x58_4477, 0xB7_DBAB, 0xF4_D598, 0x70_DBED, 0xF9_BA8F,
    0xF2_9191, 0x82_B5D8, 0xE5_A8E2, 0xAE_A2E0,
];

/// From the lowest value to the highest.
const SCHEMES: [(&str, &[u32]); 12] = [
    ("grylrd", &[0x73_BF69, 0xFA_DE2A, 0xF2_495C]),
    ("rdylgr", &[0xF2_495C, 0xFA_DE2A, 0x73_BF69]),
    ("blylrd", &[0x57_94F2, 0xFA_DE2A, 0xF2_495C]),
    ("ylrd", &[0xFA_DE2A, 0xF2_495C]),
    ("blpu", &[0x57_94F2, 0xB8_77D9]),
    ("ylbl", &[0xFA_DE2A, 0x57_94F2]),
    ("blues", &[0x17_1A3C, 0x57_94F2]),
    ("reds", &[0x3C_1717, 0xF2_495C]),
    ("greens", &[0x17_3C1C, 0x73_BF69]),
    ("purples", &[0x2C_173C, 0xB8_77D9]),
    ("oranges", &[0x4A_1E05, 0xFF_780A, 0xFF_CB7D]),
    (
        "spectral",
        &[
            0x32_88BD, 0x66_C2A5, 0xAB_DDA4, 0xE6_F598, 0xFE_E08B, 0xFD_AE61, 0xF4_6D43, 0xD5_3E4F,
        ],
    ),
];

impl Rgb {
    /// What a series that says nothing has, and where a name is not known.
    pub const GREY: Self = Self(0x8E, 0x8E, 0x8E);

    const fn of(hex: u32) -> Self {
        let [_, red, green, blue] = hex.to_be_bytes();
        Self(red, green, blue)
    }

    /// By Grafana's name, or `#rrggbb`, `#rgb`, `rgb(…)`, `rgba(…)`; `None` for those that stand for no color.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = name.trim();
        if let Some(hex) = name.strip_prefix('#') {
            return Self::hex(hex);
        }
        if let Some(inner) = name.strip_prefix("rgb") {
            return Self::numbers(inner.trim_start_matches('a'));
        }
        let (shade, hue) = match name.rsplit_once('-') {
            Some(("dark", hue)) => (0, hue),
            Some(("semi-dark", hue)) => (1, hue),
            Some(("light", hue)) => (3, hue),
            Some(("super-light", hue)) => (4, hue),
            _ => (2, name),
        };
        let plain = match name {
            "white" => Some(0xFF_FFFF),
            "black" => Some(0),
            "gray" | "grey" => Some(0x8E_8E8E),
            _ => None,
        };
        let hues = HUES
            .iter()
            .find(|(name, _)| *name == hue)
            .map(|(_, shades)| shades[shade]);
        plain.or(hues).map(Self::of)
    }

    fn hex(hex: &str) -> Option<Self> {
        let number = u32::from_str_radix(hex, 16).ok()?;
        match hex.len() {
            6 => Some(Self::of(number)),
            8 => Some(Self::of(number >> 8)),
            3 => {
                let double = |shift: u32| (number >> shift & 0xF) * 0x11;
                Some(Self::of(double(8) << 16 | double(4) << 8 | double(0)))
            }
            _ => None,
        }
    }

    fn numbers(inner: &str) -> Option<Self> {
        let inner = inner.trim().strip_prefix('(')?.strip_suffix(')')?;
        let mut parts = inner.split(',').map(|part| part.trim().parse::<f64>());
        let mut part = || parts.next()?.ok().map(|part| part.clamp(0.0, 255.0) as u8);
        Some(Self(part()?, part()?, part()?))
    }

    /// `f2495c`
    #[must_use]
    pub fn text(self) -> String {
        format!("{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }

    /// On the way to `other`: 0 is here, 1 is there.
    #[must_use]
    pub fn towards(self, other: Self, part: f64) -> Self {
        let mix = |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * part).round() as u8;
        Self(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }

    /// Whether black is easier to read on it than white.
    #[must_use]
    pub fn is_bright(self) -> bool {
        0.299 * f64::from(self.0) + 0.587 * f64::from(self.1) + 0.114 * f64::from(self.2) > 140.0
    }
}

/// Of the series with this number.
#[must_use]
pub fn palette(index: usize) -> Rgb {
    Rgb::of(PALETTE[index % PALETTE.len()])
}

/// Of a continuous scheme, at a part of the way from its lowest value to its highest. Names as in `continuous-GrYlRd` and
/// in heatmaps' `Oranges`; one that is not known is yellow to red.
#[must_use]
pub fn scheme(name: &str, part: f64) -> Rgb {
    let name = name.trim_start_matches("continuous-").to_lowercase();
    let known = SCHEMES.iter().find(|(known, _)| *known == name);
    let colors = known.map_or(SCHEMES[3].1, |(_, colors)| colors);
    let part = if part.is_finite() { part.clamp(0.0, 1.0) } else { 0.0 };
    let place = part * (colors.len() - 1) as f64;
    let index = (place.floor() as usize).min(colors.len() - 2);
    Rgb::of(colors[index]).towards(Rgb::of(colors[index + 1]), place - index as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_known_by_name_and_number() {
        let table = [
            ("green", Some(Rgb(0x73, 0xBF, 0x69))),
            ("semi-dark-red", Some(Rgb(0xE0, 0x2F, 0x44))),
            ("super-light-blue", Some(Rgb(0xC0, 0xD8, 0xFF))),
            ("#F2495C", Some(Rgb(0xF2, 0x49, 0x5C))),
            ("#abc", Some(Rgb(0xAA, 0xBB, 0xCC))),
            ("rgba(50, 172, 45, 0.97)", Some(Rgb(50, 172, 45))),
            ("transparent", None),
            ("#12", None),
            ("rgb(1)", None),
        ];
        for (name, color) in table {
            assert_eq!(Rgb::named(name), color, "{name}");
        }
    }

    #[test]
    fn schemes_go_from_one_end_to_the_other() {
        assert_eq!(scheme("continuous-GrYlRd", 0.0), Rgb(0x73, 0xBF, 0x69));
        assert_eq!(scheme("continuous-GrYlRd", 1.0), Rgb(0xF2, 0x49, 0x5C));
        assert_eq!(scheme("GrYlRd", 0.5), Rgb(0xFA, 0xDE, 0x2A));
        assert_eq!(scheme("nobody", f64::NAN), Rgb(0xFA, 0xDE, 0x2A));
    }
}
