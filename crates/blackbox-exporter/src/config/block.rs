//! How a block of blackbox.yml becomes a struct: keys that are unknown or come twice are refused, keys that are absent
//! or null have their default, and the whole is checked as soon as it is read.

/// Defines a block: its struct, its defaults, how it is read and how it is shown.
///
/// A field is `name: Type`, then `= default` unless that of its type will do, then `; always` if `/config` shows it even
/// if it is not set, or `; unless_default` if it is shown only when somebody chose it. `as "key"` comes before the colon
/// where the key is no name for a field. `finished by path` names a function that checks and completes what was read.
macro_rules! block {
    (
        $(#[doc = $doc:expr])*
        $vis:vis struct $name:ident $(finished by $finish:path)? {
            $(
                $(#[doc = $field_doc:expr])*
                $field:ident $(as $key:literal)? : $type:ty $(= $default:expr)? $(; $show:ident)?
            ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq)]
        $vis struct $name {
            $($(#[doc = $field_doc])* pub(crate) $field: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $crate::config::block::default_of!($($default)?),)* }
            }
        }

        const _: () = {
            #[derive(Default, serde::Deserialize)]
            #[serde(deny_unknown_fields, default)]
            struct Given {
                $($(#[serde(rename = $key)])? $field: Option<$type>,)*
            }

            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let given = Given::deserialize(deserializer)?;
                    let block = Self {
                        $($field: given.$field.unwrap_or_else(|| $crate::config::block::default_of!($($default)?)),)*
                    };
                    $(let block = $finish(block).map_err($crate::config::load::refusal)?;)?
                    Ok(block)
                }
            }
        };

        impl $crate::config::shown::Shown for $name {
            fn is_unset(&self) -> bool {
                true $(&& $crate::config::shown::Shown::is_unset(&self.$field))*
            }

            fn shown(&self) -> $crate::config::shown::Node {
                let mut entries = Vec::new();
                $(if $crate::config::block::is_shown!(self, $field $(, $show)?) {
                    let key = [$($key,)? stringify!($field)][0];
                    entries.push((key.to_owned(), $crate::config::shown::Shown::shown(&self.$field)));
                })*
                $crate::config::shown::Node::Map(entries)
            }
        }
    };
}

/// The default of a field.
macro_rules! default_of {
    () => {
        Default::default()
    };
    ($default:expr) => {
        $default
    };
}

/// Whether `/config` shows a field.
macro_rules! is_shown {
    ($block:expr, $field:ident) => {
        !$crate::config::shown::Shown::is_unset(&$block.$field)
    };
    ($block:expr, $field:ident, always) => {
        true
    };
    ($block:expr, $field:ident, unless_default) => {
        $block.$field != Self::default().$field
    };
}

pub(super) use {block, default_of, is_shown};
