//! Which language a text is in, as far as it must be known: whether an English model may embed it.
//!
//! Scripts first, then letters and small words that a language cannot do without. Short commands hold
//! few small words, so «not told» (`und`) is an answer: such a text is embedded where the vocabulary
//! knows its words, and not where it falls into fragments.

#![forbid(unsafe_code)]

/// The language of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language {
    /// ISO 639-1; for a script of several languages its most spoken one; `und` where it is not told.
    pub code: &'static str,
}

/// Pieces for each word from which on words are unknown ones: English has about 1.2.
const FRAGMENTS: (usize, usize) = (9, 5);

/// Letters and small words of languages in Latin script. No English word is in another language's list,
/// so a command such as «die in pain» stays English.
const LATIN: &[(&str, &str, &str)] = &[
    (
        "en",
        "",
        "the a an and or of to in on at is are was were be been it its this that these those you your we our they their he \
         she his her him i my me not no yes do does did don't can could will would should please what when where who which \
         how why with for from by into off up down there here if then all any some has have had turn switch set make play stop \
         open close lights lamp hi hello thanks thank",
    ),
    (
        "de",
        "ßäöü",
        "der das dem den des und oder ist sind nicht kein keine ein eine einen einem einer ich du er sie wir ihr mein meine \
         mit von zu zum zur im am auf für bei nach aus über unter wie wo wer wann warum bitte mach schalte stell licht \
         heute morgen noch auch schon es wird werden hat haben kann soll",
    ),
    (
        "fr",
        "çœêèàùûîô",
        "le la les un une des du de et ou est sont ne pas je tu il elle nous vous ils mon ma mes ton ta son sa avec pour dans \
         sur sous par chez quel quelle qui que quoi où comment pourquoi plaît allume éteins aujourd'hui demain ce cette \
         c'est s'il d'une l'heure très aussi",
    ),
    (
        "es",
        "ñ¿¡áíóú",
        "el la los las un una unos y o es son está están yo tú ella nosotros mi mis tu con para por en de del al sobre \
         qué quién cómo cuándo dónde favor enciende apaga hoy mañana este esta muy también se lo le que hay",
    ),
    (
        "it",
        "",
        "il lo gli una uno di del della dei delle è sono non io tu lui lei noi mio mia con per nel nella sul sulla da \
         dal che chi come quando dove perché favore accendi spegni oggi domani questo questa molto anche le la un",
    ),
    (
        "pt",
        "ãõâê",
        "o os as um uma é são está não eu tu ele ela nós meu minha com para por em da das dos na nas que quem \
         como quando onde porquê favor liga desliga acende apaga hoje amanhã este esta muito também se",
    ),
    (
        "nl",
        "",
        "de het een en zijn niet geen ik jij hij zij wij mijn met van voor naar bij uit hoe waar wie wanneer \
         waarom alsjeblieft doe zet licht aan vandaag morgen deze dit ook nog wordt heeft kan",
    ),
    (
        "pl",
        "łąęśżźćń",
        "jest są nie ja ty ona wy mój moja na od dla przez jak gdzie kto kiedy dlaczego proszę włącz wyłącz \
         dzisiaj jutro ten ta bardzo też się że czy",
    ),
    (
        "sv",
        "åäö",
        "och eller är inte jag han hon vi ni min mitt med för från på av ett hur var vem när varför tack tänd \
         släck idag imorgon denna detta också det som till",
    ),
    (
        "tr",
        "ğışç",
        "ve veya değil ben sen biz siz benim bir bu şu ile için nasıl nerede kim neden lütfen aç kapat bugün yarın \
         çok mi mı var yok",
    ),
];

impl Language {
    /// Whether the English model's vector of such a text leads somewhere; `pieces` with the two markers.
    #[must_use]
    pub fn suits(self, pieces: usize, words: usize) -> bool {
        let whole = pieces.saturating_sub(2) * FRAGMENTS.1 <= words * FRAGMENTS.0;
        self.code == "en" || (self.code == "und" && whole)
    }
}

/// The language of a text; only its first thousand characters are looked at.
#[must_use]
pub fn of(text: &str) -> Language {
    let text: String = text.chars().take(1000).flat_map(char::to_lowercase).collect();
    Language { code: script(&text).unwrap_or_else(|| latin(&text)) }
}

/// A language, and whether a character is of its script.
type Script = (&'static str, fn(char) -> bool);

/// The language of a script that is not Latin, where a fifth of all letters is in it.
fn script(text: &str) -> Option<&'static str> {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let count = |is: fn(char) -> bool| text.chars().filter(|c| is(*c)).count();
    let foreign = text.chars().filter(|c| c.is_alphabetic() && !is_latin(*c)).count();
    if foreign == 0 || foreign * 5 < letters {
        return None;
    }
    if count(is_kana) > 0 {
        return Some("ja");
    }
    let scripts: [Script; 8] = [
        ("zh", is_han),
        ("ko", |c| matches!(c, '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' | '\u{ac00}'..='\u{d7af}')),
        ("ru", |c| matches!(c, '\u{400}'..='\u{52f}')),
        ("ar", |c| matches!(c, '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}')),
        ("he", |c| matches!(c, '\u{590}'..='\u{5ff}')),
        ("el", |c| matches!(c, '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}')),
        ("hi", |c| matches!(c, '\u{900}'..='\u{97f}')),
        ("th", |c| matches!(c, '\u{e00}'..='\u{e7f}')),
    ];
    let (code, most) = scripts.into_iter().map(|(code, is)| (code, count(is))).max_by_key(|(_, count)| *count)?;
    match code {
        // A script that is not in the list: some language, surely not English.
        _ if most == 0 => Some("mul"),
        "ru" if text.chars().any(|c| matches!(c, 'і' | 'ї' | 'є' | 'ґ')) => Some("uk"),
        code => Some(code),
    }
}

/// The language in Latin script with the most small words and letters of its own; English where equal.
fn latin(text: &str) -> &'static str {
    let words: Vec<&str> = text.split(|c: char| !(c.is_alphanumeric() || c == '\'')).collect();
    let mut best = ("und", 0);
    for (code, letters, small) in LATIN {
        let known: Vec<&str> = small.split(' ').collect();
        let hits = words.iter().filter(|word| known.contains(word)).count();
        let own = text.chars().filter(|c| letters.contains(*c)).count();
        let points = 2 * hits + own;
        if points > best.1 {
            best = (code, points);
        }
    }
    best.0
}

const fn is_latin(c: char) -> bool {
    matches!(c, '\0'..='\u{24f}' | '\u{250}'..='\u{2ff}' | '\u{1d00}'..='\u{1eff}' | '\u{2000}'..='\u{2bff}' | '\u{fb00}'..='\u{fb06}')
}

const fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2fa1f}')
}

const fn is_kana(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{ff66}'..='\u{ff9d}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: &[(&str, &[&str])] = &[
        (
            "de",
            &[
                "Schalte das Licht in der Küche an",
                "Wie warm ist es im Bad?",
                "Oma hat am Freitag Geburtstag",
                "Der Schlüssel liegt unter dem Blumentopf",
                "Mach bitte die Heizung aus",
            ],
        ),
        (
            "fr",
            &[
                "Allume la lampe de la cuisine",
                "Quelle heure est-il ?",
                "Ma sœur est allergique aux noix",
                "Éteins le chauffage dans le salon",
                "La clé est sous le pot de fleurs",
            ],
        ),
        (
            "es",
            &[
                "Enciende la luz de la cocina",
                "¿Qué hora es?",
                "Mi hermana es alérgica a las nueces",
                "Apaga la calefacción del baño",
                "La llave está debajo de la maceta",
            ],
        ),
        (
            "it",
            &[
                "Accendi la luce della cucina",
                "Che ore sono?",
                "Mia sorella è allergica alle noci",
                "Spegni il riscaldamento nel bagno",
            ],
        ),
        (
            "nl",
            &[
                "Doe het licht in de keuken aan",
                "Hoe laat is het?",
                "Mijn zus is allergisch voor noten",
                "Zet de verwarming in het bad uit",
            ],
        ),
        ("pt", &["Acende a luz da cozinha", "Que horas são?", "A minha irmã é alérgica a nozes"]),
        ("pl", &["Włącz światło w kuchni", "Która jest godzina?", "Moja siostra jest uczulona na orzechy"]),
        ("sv", &["Tänd lampan i köket", "Hur mycket är klockan?", "Min syster är allergisk mot nötter"]),
        ("tr", &["Mutfaktaki ışığı aç", "Saat kaç, lütfen söyle", "Kız kardeşimin fındığa alerjisi var"]),
        ("ja", &["台所の電気をつけて", "今何時ですか", "鍵は植木鉢の下にあります"]),
        ("zh", &["打开厨房的灯", "现在几点了？"]),
        ("ko", &["부엌 불을 켜 줘"]),
        ("ru", &["Включи свет на кухне"]),
        ("uk", &["Увімкни світло на кухні"]),
        ("ar", &["أشعل ضوء المطبخ"]),
        ("he", &["הדלק את האור במטבח"]),
        ("el", &["Άναψε το φως στην κουζίνα"]),
        ("hi", &["रसोई की बत्ती जलाओ"]),
        ("th", &["เปิดไฟในครัว"]),
        (
            "en",
            &[
                "Turn the kitchen light on",
                "What time is it?",
                "My sister is allergic to walnuts",
                "the key is under the flower pot",
                "Grandma was born in 1941",
            ],
        ),
        ("und", &["", "42", "21.5 °C", "kitchen 30 percent", "😀"]),
    ];

    #[test]
    fn the_language_of_short_texts_is_told() {
        let wrong: Vec<_> = TEXTS
            .iter()
            .flat_map(|(code, texts)| texts.iter().map(move |text| (*code, *text, of(text).code)))
            .filter(|(wanted, _, found)| wanted != found)
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn only_what_english_can_carry_is_embedded() {
        assert!(Language { code: "en" }.suits(100, 10), "English with rare names");
        assert!(Language { code: "und" }.suits(2 + 9, 5) && !Language { code: "und" }.suits(2 + 10, 5));
        assert!(!Language { code: "de" }.suits(6, 4));
    }

    #[test]
    fn no_english_word_is_in_another_list() {
        let english: Vec<&str> = LATIN[0].2.split(' ').collect();
        for (code, _, small) in &LATIN[1..] {
            let shared: Vec<_> = small.split(' ').filter(|word| english.contains(word)).collect();
            assert!(shared.is_empty(), "{code}: {shared:?}");
        }
    }
}
