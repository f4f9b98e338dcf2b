//! Characters by name or number: `&amp;`, `&#38;`.

/// The names of HTML 4, each before what it means; a deck writes any other character as it is.
const NAMES: &str = "AElig Æ Aacute Á Acirc Â Agrave À Alpha Α Aring Å Atilde Ã Auml Ä Beta Β Ccedil Ç Chi Χ Dagger ‡ Delta Δ \
ETH Ð Eacute É Ecirc Ê Egrave È Epsilon Ε Eta Η Euml Ë Gamma Γ Iacute Í Icirc Î Igrave Ì Iota Ι Iuml Ï \
Kappa Κ Lambda Λ Mu Μ Ntilde Ñ Nu Ν OElig Œ Oacute Ó Ocirc Ô Ograve Ò Omega Ω Omicron Ο Oslash Ø Otilde Õ \
Ouml Ö Phi Φ Pi Π Prime ″ Psi Ψ Rho Ρ Scaron Š Sigma Σ THORN Þ Tau Τ Theta Θ Uacute Ú Ucirc Û Ugrave Ù \
Upsilon Υ Uuml Ü Xi Ξ Yacute Ý Yuml Ÿ Zeta Ζ aacute á acirc â acute ´ aelig æ agrave à alefsym ℵ alpha α \
amp & and ∧ ang ∠ apos ' aring å asymp ≈ atilde ã auml ä bdquo „ beta β brvbar ¦ bull • cap ∩ ccedil ç \
cedil ¸ cent ¢ chi χ circ ˆ clubs ♣ cong ≅ copy © crarr ↵ cup ∪ curren ¤ dArr ⇓ dagger † darr ↓ deg ° \
delta δ diams ♦ divide ÷ eacute é ecirc ê egrave è empty ∅ emsp \u{2003} ensp \u{2002} epsilon ε equiv ≡ \
eta η eth ð euml ë euro € exist ∃ fnof ƒ forall ∀ frac12 ½ frac14 ¼ frac34 ¾ frasl ⁄ gamma γ ge ≥ gt > \
hArr ⇔ harr ↔ hearts ♥ hellip … iacute í icirc î iexcl ¡ igrave ì image ℑ infin ∞ int ∫ iota ι iquest ¿ \
isin ∈ iuml ï kappa κ lArr ⇐ lambda λ lang 〈 laquo « larr ← lceil ⌈ ldquo “ le ≤ lfloor ⌊ lowast ∗ loz ◊ \
lrm \u{200e} lsaquo ‹ lsquo ‘ lt < macr ¯ mdash — micro µ middot · minus − mu μ nabla ∇ nbsp \u{a0} ndash – \
ne ≠ ni ∋ not ¬ notin ∉ nsub ⊄ ntilde ñ nu ν oacute ó ocirc ô oelig œ ograve ò oline ‾ omega ω omicron ο \
oplus ⊕ or ∨ ordf ª ordm º oslash ø otilde õ otimes ⊗ ouml ö para ¶ part ∂ permil ‰ perp ⊥ phi φ pi π piv ϖ \
plusmn ± pound £ prime ′ prod ∏ prop ∝ psi ψ quot \" rArr ⇒ radic √ rang 〉 raquo » rarr → rceil ⌉ rdquo ” \
real ℜ reg ® rfloor ⌋ rho ρ rlm \u{200f} rsaquo › rsquo ’ sbquo ‚ scaron š sdot ⋅ sect § shy \u{ad} sigma σ \
sigmaf ς sim ∼ spades ♠ sub ⊂ sube ⊆ sum ∑ sup ⊃ sup1 ¹ sup2 ² sup3 ³ supe ⊇ szlig ß tau τ there4 ∴ theta θ \
thetasym ϑ thinsp \u{2009} thorn þ tilde ˜ times × trade ™ uArr ⇑ uacute ú uarr ↑ ucirc û ugrave ù uml ¨ \
upsih ϒ upsilon υ uuml ü weierp ℘ xi ξ yacute ý yen ¥ yuml ÿ zeta ζ zwj \u{200d} zwnj \u{200c}";

/// The character that a text begins with as `&name;` or `&#number;`, and how long that is.
pub(crate) fn character(text: &str) -> Option<(char, usize)> {
    let rest = text.strip_prefix('&')?;
    let length = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#').count();
    let name = rest[length..].starts_with(';').then(|| &rest[..length])?;
    let found = match name.strip_prefix('#') {
        None => {
            let mut words = NAMES.split(' ');
            words.find(|word| *word == name)?;
            words.next()?.chars().next()?
        }
        Some(number) => {
            let (digits, radix, most) = match number.strip_prefix(['x', 'X']) {
                Some(digits) => (digits, 16, 6),
                None => (number, 10, 7),
            };
            if digits.len() > most {
                return None;
            }
            let code = u32::from_str_radix(digits, radix).ok()?;
            char::from_u32(code).filter(|c| *c != '\0').unwrap_or(char::REPLACEMENT_CHARACTER)
        }
    };
    Some((found, name.len() + 2))
}
