//! The blocklist: refuses passwords that a guesser tries first (NIST SP 800-63B-4 §3.1.1.2, ASVS 6.2.4, 6.2.11).
//!
//! Of the 100 000 passwords in the usual lists about 330 reach our minimum of 15 characters, and nearly all of
//! those are common words, keyboard walks and digits strung together. So instead of a list of whole passwords
//! (1 MB, which would double the component) this module knows the building blocks, in French and English, and
//! measures how many guesses it takes to combine them. It must not know the user beyond the name. Why, and what it leaves open: docs/adr/0005-guessable-passwords.md.

use unicode_normalization::UnicodeNormalization;

/// Fewer guesses than this many powers of two, and a password is refused: 2^27 ≈ 10^8, below which the usual
/// estimators speak of a password that does not withstand an online attack for long.
const BITS_MIN: f32 = 27.0;

/// One of a few hundred common words: about ten bits, whatever its length.
const WORD_BITS: f32 = 10.0;
/// A run along the keyboard, the alphabet or the digits: where it starts and which way it goes.
const RUN_BITS: f32 = 6.0;
/// Something that stood before, again.
const REPEAT_BITS: f32 = 2.0;
/// A part of the user’s own name: the first thing that is tried.
const OWN_NAME_BITS: f32 = 4.0;
/// A word of this site: everybody who sees the page tries it.
const SITE_WORD_BITS: f32 = 1.0;
/// A year between 1900 and 2099.
const YEAR_BITS: f32 = 7.0;

/// Keyboard rows and columns (AZERTY and QWERTY), the alphabet, the digits; read in both directions.
const RUNS: [&str; 14] = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "azertyuiopqsdfghjklmwxcvbn",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1aqw2zsx3edc4rfv5tgb6yhn7uj8ik9ol0pm",
    "1q2w3e4r5t6y7u8i9o0p",
    "1a2z3e4r5t6y7u8i9o0p",
    "a1b2c3d4e5f6g7h8i9j0",
    "aqwzsxedcrfvtgbyhnujikolpm",
    "qazwsxedcrfvtgbyhnujmikolp",
    "&é\"'(-è_çà)=",
    "!@#$%^&*()_+",
    "13579024680246813579",
];

/// Words that passwords are made of, in lower case without accents.
const WORDS: &str = "password passwort passw passe motdepasse motdepass mdp secret secrete azerty qwerty admin \
administrateur administrator root user utilisateur username login connexion compte account test testing essai \
default changeme change letmein welcome bienvenue hello bonjour bonsoir salut coucou soleil sunshine lune moon \
etoile star amour love jetaime iloveyou iloveu love cheri cherie coeur heart doudou chouchou loulou loulou minou \
nounours bebe baby princesse princess prince queen reine king roi dragon monkey tigre tiger lion lapin chat chien \
cheval horse football foot soccer baseball basketball basket hockey tennis rugby master shadow superman batman \
spiderman pokemon pikachu naruto starwars matrix trustno freedom liberte whatever nothing please computer \
ordinateur internet google facebook instagram samsung iphone orange microsoft windows linux ubuntu python java \
latex atelier student etudiant etudiante universite university ecole school college lycee licence cours exam \
examen maths math science info informatique projet project france french paris marseille lyon toulouse bordeaux \
lille nantes london london england canada maroc algerie tunisie allez vive psg juventus barcelona arsenal chelsea \
liverpool nicolas julien thomas camille marie sophie pierre michel martin antoine alexandre maxime kevin charlie \
jordan michael jessica jennifer daniel david ashley amanda andrew robert george william hunter ranger buster \
summer winter spring autumn printemps automne hiver monday friday lundi vendredi samedi dimanche january march \
april june july august september october november december janvier fevrier mars avril juin juillet aout septembre \
octobre novembre decembre chocolat chocolate vanille cookie pepper ginger banana banane pomme apple fraise flower \
fleur happy lucky angel ange devil diable dieu jesus christ maman papa maison house famille family vacances \
musique music guitar guitare money argent gold silver diamond access monmotdepasse mypassword super mega ultra \
killer ninja samurai phoenix mustang ferrari porsche mercedes harley corvette cheese fuckyou";

/// What this site is called and is about (ASVS 6.1.2), in lower case without accents. A phrase of these alone is refused,
/// whatever stands between them.
const SITE_WORDS: &str = "atelier latex python pdf ocr llm markdown overleaf gemini makecom make converter convertisseur \
conversion convertir convert transcription document manuscrit formule exercice aide help helper assistant question \
reponse answer code page pages quota compte account session etudiant etudiante etudiants student students devoir";

/// What stands between the words of a phrase. Other signs are guessed like letters.
const SEPARATORS: [char; 8] = [' ', '-', '_', '.', ',', ';', '\'', '’'];

/// Whether `password` (NFC) is among the first that somebody who knows `owner` would try.
pub(crate) fn is_guessable(password: &str, owner: &str) -> bool {
    let typed: Vec<char> = plain(password);
    let unleeted: Vec<char> = typed.iter().map(|&character| unleet(character)).collect();
    let unseparated = |text: &[char]| text.iter().copied().filter(|c| !SEPARATORS.contains(c)).collect();
    let spellings: [Vec<char>; 4] = [unseparated(&typed), unseparated(&unleeted), typed, unleeted];
    let word = |bits| move |word: &str| (word.chars().collect(), bits);
    let common = WORDS.split(' ').map(word(WORD_BITS)).chain(SITE_WORDS.split(' ').map(word(SITE_WORD_BITS)));
    let own = owner_words(owner).into_iter().map(|word| (word, OWN_NAME_BITS));
    let words: Vec<(Vec<char>, f32)> = common.chain(own).collect();
    let runs: Vec<Vec<char>> =
        RUNS.iter().flat_map(|run| [run.chars().collect(), run.chars().rev().collect()]).collect();
    spellings.iter().any(|text| bits(text, &words, &runs) < BITS_MIN)
}

/// The cheapest way to write `text` as a chain of building blocks, in bits: a shortest path from left to right.
fn bits(text: &[char], words: &[(Vec<char>, f32)], runs: &[Vec<char>]) -> f32 {
    let mut cheapest = vec![f32::INFINITY; text.len() + 1];
    if let Some(start) = cheapest.first_mut() {
        *start = 0.0;
    }
    for at in 0..text.len() {
        let Some((&so_far, rest)) = cheapest.get(at).zip(text.get(at..)) else { continue };
        let before = text.get(..at).unwrap_or_default();
        let mut step = |length: usize, cost: f32| {
            if let Some(best) = cheapest.get_mut(at + length) {
                *best = best.min(so_far + cost);
            }
        };
        if let Some(&character) = rest.first() {
            step(1, character_bits(character));
            let same = rest.iter().take_while(|&&other| other == character).count();
            (3..=same).for_each(|length| step(length, RUN_BITS));
        }
        for (word, cost) in words.iter().filter(|(word, _)| rest.starts_with(word)) {
            step(word.len(), *cost);
        }
        for length in 3..=longest_run(rest, runs) {
            step(length, RUN_BITS);
        }
        for length in 2..=longest_repeat(before, rest) {
            step(length, REPEAT_BITS);
        }
        if let Some([a, b, c, d]) = rest.first_chunk()
            && matches!((a, b), ('1', '9') | ('2', '0'))
            && c.is_ascii_digit()
            && d.is_ascii_digit()
        {
            step(4, YEAR_BITS);
        }
    }
    cheapest.last().copied().unwrap_or_default()
}

fn character_bits(character: char) -> f32 {
    match character {
        '0'..='9' => 3.3,
        'a'..='z' => 4.7,
        ' '..='~' => 4.0,
        _ => 6.0,
    }
}

fn longest_run(rest: &[char], runs: &[Vec<char>]) -> usize {
    let along = |run: &Vec<char>| {
        (0..run.len())
            .map(|from| run.iter().skip(from).zip(rest).take_while(|(one, other)| one == other).count())
            .max()
            .unwrap_or_default()
    };
    runs.iter().map(along).max().unwrap_or_default()
}

fn longest_repeat(before: &[char], rest: &[char]) -> usize {
    let common =
        |from: usize| before.iter().skip(from).zip(rest).take_while(|(one, other)| one == other).count();
    (0..before.len()).map(common).max().unwrap_or_default()
}

/// Lower case, without accents: `Étoile` is as good a guess as `etoile`.
fn plain(text: &str) -> Vec<char> {
    text.nfd()
        .filter(|character| !('\u{300}'..='\u{36f}').contains(character))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The usual substitutions of letters.
const fn unleet(character: char) -> char {
    match character {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

/// The parts of the user's name, and each backwards.
fn owner_words(owner: &str) -> Vec<Vec<char>> {
    let whole: String = owner.split_whitespace().collect();
    let parts = owner.split(|character: char| !character.is_alphanumeric()).chain([owner, whole.as_str()]);
    let parts = parts.map(plain).filter(|part| part.len() >= 3);
    parts.flat_map(|part| [part.iter().rev().copied().collect(), part]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_guessers_try_first_is_refused() {
        for password in [
            "passwordpassword",
            "Password123456789!",
            "P@ssw0rdP@ssw0rd",
            "motdepassemotdepasse",
            "MotDePasse2026!",
            "monmotdepasse123",
            "azertyuiopqsdfghjklm",
            "qwertyuiopasdfghjkl",
            "1qaz2wsx3edc4rfv",
            "1a2z3e4r5t6y7u8i",
            "123456789012345",
            "987654321987654321",
            "aaaaaaaaaaaaaaaaaaaa",
            "abababababababab",
            "bonjourbonjour123",
            "iloveyouiloveyou",
            "jetaimejetaimejetaime",
            "mlkjhgfdsqpoiuytreza",
            "etudiantetudiant2026",
            "ÉTUDIANTÉTUDIANT",
        ] {
            assert!(is_guessable(password, "zoe"), "{password}");
        }
    }

    #[test]
    fn phrases_of_the_words_of_this_site_are_refused() {
        for password in [
            "atelier python latex",
            "atelier-python-latex-aide",
            "Convertisseur PDF LaTeX",
            "assistant python pour étudiants",
            "4t3l13r_pyth0n_l4t3x",
            "aide de l'atelier 2026",
        ] {
            assert!(is_guessable(password, "zoe"), "{password}");
        }
    }

    #[test]
    fn what_is_made_from_the_name_is_refused() {
        for password in
            ["aghilas.benali2026", "aghilasaghilasaghilas", "AghilasBenali!!!!", "salihgasalihga123"]
        {
            assert!(is_guessable(password, "aghilas benali"), "{password}");
            assert!(!is_guessable("vélo rouge sous la pluie", "aghilas benali"));
        }
        assert!(!is_guessable("aghilas.benali1987 vend son tracteur", "aghilas benali"));
    }

    #[test]
    fn phrases_and_random_strings_pass() {
        for password in [
            "correct horse battery staple",
            "un mot de passe assez long",
            "le chat dort sous la table",
            "4815162342-Nautilus",
            "xkzqvbjwpfmgtyh",
            "T7#kd02!mvLq9@zp",
            "492750163859274",
            "phrase secrète numéro un",
            "mon atelier sent la peinture fraîche",
            "le python avale un éléphant",
        ] {
            assert!(!is_guessable(password, "zoe"), "{password}");
        }
    }
}
