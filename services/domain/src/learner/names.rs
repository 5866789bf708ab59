//! Names as they are compared.

/// A name as it is compared: case, accents (composed or not), spaces, hyphens and apostrophes of every
/// shape make no difference. One rule for the look-up keys and for the files that are imported.
pub fn folded(name: &str) -> String {
    name.chars()
        // Combining marks are not alphanumeric, so a decomposed accent falls away here.
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .map(without_accent)
        .collect()
}

/// Letters of the Latin script that are written with a mark, and the letter under it.
const ACCENTED: [(char, &str); 24] = [
    ('a', "àáâãäåāăąǎ"),
    ('c', "çćĉċč"),
    ('d', "ďđð"),
    ('e', "èéêëēĕėęě"),
    ('g', "ĝğġģ"),
    ('h', "ĥħ"),
    ('i', "ìíîïĩīĭįıǐ"),
    ('j', "ĵ"),
    ('k', "ķ"),
    ('l', "ĺļľŀł"),
    ('n', "ñńņňŉ"),
    ('o', "òóôõöøōŏőǒ"),
    ('r', "ŕŗř"),
    ('s', "śŝşšș"),
    ('t', "ţťŧț"),
    ('u', "ùúûüũūŭůűųǔ"),
    ('w', "ŵẁẃẅ"),
    ('y', "ýÿŷỳ"),
    ('z', "źżž"),
    ('a', "ạảấầẩẫậắằẳẵặ"),
    ('e', "ẹẻẽếềểễệ"),
    ('o', "ọỏốồổỗộớờởỡợơ"),
    ('u', "ụủứừửữựư"),
    ('i', "ịỉ"),
];

fn without_accent(letter: char) -> char {
    if letter.is_ascii() {
        return letter;
    }
    ACCENTED.iter().find(|(_, marked)| marked.contains(letter)).map_or(letter, |(plain, _)| *plain)
}

/// Characters that no name holds: control characters, and those that nobody sees and that turn the
/// direction of what stands beside them.
pub fn holds_unseen(name: &str) -> bool {
    let unseen = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    name.chars().any(unseen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_to_what_people_type() {
        for (written, typed) in [
            ("Zoë", "ZOE"),
            ("O’Brien", "obrien"),
            ("Anne-Marie", "anne marie"),
            ("Łukasz", "lukasz"),
        ] {
            assert_eq!(folded(written), folded(typed), "{typed}");
        }
        assert_eq!(folded("e\u{301}"), "e", "a combining mark falls away");
        assert_eq!(folded("E\u{301}mile"), folded("\u{c9}mile"), "composed or not");
        assert_ne!(folded("Ana"), folded("Anna"), "the forename counts: twins share the rest");
    }

    #[test]
    fn a_name_holds_nothing_unseen() {
        for hidden in ["A\u{0}B", "A\nB", "A\u{1b}[31mB", "\u{200b}", "\u{202e}A"] {
            assert!(holds_unseen(hidden), "{hidden:?}");
        }
        // A joiner has its place in some scripts.
        assert!(
            !holds_unseen("Zo\u{eb} Bront\u{eb}-Okafor") && !holds_unseen("\u{646}\u{200c}\u{645}")
        );
    }
}
