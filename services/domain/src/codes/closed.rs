//! Closed sets of codes: an enum, its official spellings, and the way back from text.

/// The text is not a code of the set. The text itself is left out: it may be about a learner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a code of the set \"{set}\"")]
pub struct UnknownCode {
    /// Plain name of the set.
    pub set: &'static str,
}

/// What every closed set offers, for code that works over any of them (files, wire, tests).
pub trait CodeSet: Copy + Eq + 'static {
    /// Plain name of the set.
    const SET: &'static str;
    /// Every member, in the order of the official list.
    const ALL: &'static [Self];

    /// The official spelling.
    fn code(self) -> &'static str;

    /// The member with exactly this spelling.
    fn from_code(code: &str) -> Result<Self, UnknownCode> {
        let found = Self::ALL.iter().copied().find(|member| member.code() == code);
        found.ok_or(UnknownCode { set: Self::SET })
    }
}

/// Declares a closed set: `Variant = "CODE"` a line, each with its own comment.
macro_rules! closed_codes {
    (
        $(#[$doc:meta])*
        pub enum $name:ident($set:literal) {
            $($(#[$variant_doc:meta])* $variant:ident = $code:literal,)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// Every member, in the order of the official list.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The official spelling.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// The member with exactly this spelling; no folding of case or space.
            ///
            /// # Errors
            /// [`UnknownCode`](crate::codes::UnknownCode) for any other text.
            pub fn parse(code: &str) -> Result<Self, $crate::codes::UnknownCode> {
                match code {
                    $($code => Ok(Self::$variant),)+
                    _ => Err($crate::codes::UnknownCode { set: $set }),
                }
            }
        }

        impl $crate::codes::CodeSet for $name {
            const SET: &'static str = $set;
            const ALL: &'static [Self] = Self::ALL;

            fn code(self) -> &'static str {
                self.as_str()
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::codes::UnknownCode;

            fn from_str(code: &str) -> Result<Self, Self::Err> {
                Self::parse(code)
            }
        }
    };
}

pub(crate) use closed_codes;

/// Checks a set against the list of the page it comes from: same codes, same order, and back again.
#[cfg(test)]
pub(crate) fn assert_set<T: CodeSet + std::fmt::Debug>(page: &str) {
    let listed: Vec<&str> = page.split(", ").collect();
    let ours: Vec<&str> = T::ALL.iter().map(|member| member.code()).collect();
    assert_eq!(ours, listed, "{}", T::SET);
    for member in T::ALL {
        assert_eq!(T::from_code(member.code()), Ok(*member));
    }
    for other in ["", " ", "no such code"] {
        assert_eq!(T::from_code(other), Err(UnknownCode { set: T::SET }));
    }
}
