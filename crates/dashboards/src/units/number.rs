//! Plain numbers, with decimals as Grafana chooses them.

/// Two digits that count, or one where the first is a one or a two; none of whole numbers.
fn decimals_of_use(value: f64) -> u32 {
    if value == 0.0 || value.fract() == 0.0 {
        return 0;
    }
    let magnitude = value.abs().log10().floor();
    // Where digits would be 1.0 to 10.0 after the point is moved.
    let leading = value.abs() / 10f64.powf(magnitude) * 10.0;
    let more = if leading > 2.25 { 2.0 } else { 1.0 };
    (more - magnitude).clamp(0.0, 15.0) as u32
}

/// With `decimals` after the point, or with as many as are of use.
pub(super) fn fixed(value: f64, decimals: Option<u32>) -> String {
    let decimals = decimals.unwrap_or_else(|| decimals_of_use(value)).min(20) as usize;
    if value != 0.0 && value.abs() >= 1e21 {
        return format!("{value:e}");
    }
    // Halves go upward, and nothing is less than zero and zero, as JavaScript has it.
    let factor = 10f64.powi(decimals as i32);
    let rounded = (value * factor + 0.5).floor() / factor + 0.0;
    format!("{:.decimals$}", if rounded.is_finite() { rounded } else { value })
}

/// `1.5e+3`
pub(super) fn scientific(value: f64, decimals: Option<u32>) -> String {
    let text = match decimals {
        Some(decimals) => format!("{value:.*e}", decimals as usize),
        None => format!("{value:e}"),
    };
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        _ => text,
    }
}

/// `1,234,567.8`
pub(super) fn thousands(value: f64, decimals: Option<u32>) -> String {
    let text = fixed(
        value.abs(),
        Some(decimals.unwrap_or(if value.fract() == 0.0 { 0 } else { 3 })),
    );
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::from(if value < 0.0 { "-" } else { "" });
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    let fraction = if decimals.is_none() {
        fraction.trim_end_matches('0')
    } else {
        fraction
    };
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// Units that grow by a factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale<'a> {
    pub(super) factor: f64,
    /// Smallest first.
    pub(super) prefixes: &'a [&'a str],
    /// Where in `prefixes` the values are.
    pub(super) offset: i32,
    /// Between number and prefix.
    pub(super) space: &'a str,
    /// After the prefix.
    pub(super) unit: &'a str,
}

impl Scale<'_> {
    pub(super) fn write(&self, value: f64, decimals: Option<u32>) -> String {
        let last = self.prefixes.len() as i32 - 1;
        // As f64 finds it, 1000.log(1000) can be 0.9999.
        let power = if value == 0.0 {
            0.0
        } else {
            (value.abs().ln() / self.factor.ln() + 1e-9).floor()
        };
        let power = (power as i32).clamp(-self.offset, last - self.offset);
        let prefix = self.prefixes[(self.offset + power) as usize];
        let number = fixed(value / self.factor.powi(power), decimals);
        let after = format!("{}{prefix}{}", self.space, self.unit);
        // Counts have a space before the unit as well.
        format!("{number}{}", after.trim_end())
    }
}
