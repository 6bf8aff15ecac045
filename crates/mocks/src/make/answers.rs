//! The answer to a question: a small lesson chosen by keyword, or an honest generic one.
//!
//! The code runs as it stands and the marker before the explanation varies from question to question,
//! as it does between language models.

use std::fmt::Write as _;

use unicode_normalization::UnicodeNormalization as _;

/// One subject the mock knows something about.
struct Lesson {
    keywords: &'static [&'static str],
    code: &'static str,
    explanation: &'static str,
}

/// The first lesson with a keyword in the question wins, so the narrow subjects come first.
const LESSONS: &[Lesson] = &[
    Lesson {
        keywords: &["fibonacci"],
        code: "def fibonacci(n):\n    a, b = 0, 1\n    for _ in range(n):\n        a, b = b, a + b\n    return a\n\n\nprint([fibonacci(i) for i in range(10)])",
        explanation: "`fibonacci(n)` garde les deux derniers termes et avance de `n` pas : le calcul est linéaire et n'a pas besoin de récursivité.",
    },
    Lesson {
        keywords: &["factoriel", "recursi", "factorial", "recursive"],
        code: "def factorielle(n):\n    if n <= 1:\n        return 1\n    return n * factorielle(n - 1)\n\n\nprint(factorielle(5))",
        explanation: "Une fonction récursive s'appelle elle-même sur un problème plus petit. Le cas `n <= 1` l'arrête ; sans lui, Python lèverait `RecursionError`.",
    },
    Lesson {
        keywords: &["premier", "prime"],
        code: "def est_premier(n):\n    if n < 2:\n        return False\n    for diviseur in range(2, int(n ** 0.5) + 1):\n        if n % diviseur == 0:\n            return False\n    return True\n\n\nprint([n for n in range(30) if est_premier(n)])",
        explanation: "Il suffit de chercher un diviseur jusqu'à la racine carrée de `n` : au-delà, un diviseur en aurait un plus petit déjà essayé.",
    },
    Lesson {
        keywords: &["palindrome", "inverser une chaine", "reverse a string"],
        code: "def est_palindrome(texte):\n    lettres = [c.lower() for c in texte if c.isalnum()]\n    return lettres == lettres[::-1]\n\n\nprint(est_palindrome(\"Engage le jeu que je le gagne\"))",
        explanation: "La tranche `[::-1]` lit une séquence à l'envers. On compare les lettres seules, sans espaces ni majuscules.",
    },
    Lesson {
        keywords: &["tri", "trier", "sort", "classer"],
        code: "notes = [12, 7, 18, 15]\n\nprint(sorted(notes))\nprint(sorted(notes, reverse=True))\n\neleves = [(\"Zoé\", 12), (\"Ali\", 18)]\nprint(sorted(eleves, key=lambda eleve: eleve[1]))",
        explanation: "`sorted` renvoie une nouvelle liste ; `liste.sort()` trie sur place. Le paramètre `key` dit selon quoi comparer.",
    },
    Lesson {
        keywords: &["dictionnaire", "dict", "dictionary"],
        code: "notes = {\"Ali\": 18, \"Zoé\": 12}\nnotes[\"Marc\"] = 15\n\nfor prenom, note in notes.items():\n    print(f\"{prenom} : {note}/20\")\n\nprint(notes.get(\"Inconnu\", \"absent\"))",
        explanation: "Un dictionnaire associe une clé à une valeur. `items()` parcourt les couples et `get` évite `KeyError` quand la clé manque.",
    },
    Lesson {
        keywords: &["fichier", "lire un", "file", "csv"],
        code: "from pathlib import Path\n\nchemin = Path(\"notes.txt\")\nchemin.write_text(\"Ali;18\\nZoé;12\\n\", encoding=\"utf-8\")\n\nwith chemin.open(encoding=\"utf-8\") as fichier:\n    for ligne in fichier:\n        prenom, note = ligne.strip().split(\";\")\n        print(prenom, int(note))",
        explanation: "`with` referme le fichier même en cas d'erreur, et l'encodage explicite évite les surprises entre systèmes.",
    },
    Lesson {
        keywords: &["classe", "objet", "class ", "object"],
        code: "class Compte:\n    def __init__(self, titulaire, solde=0):\n        self.titulaire = titulaire\n        self.solde = solde\n\n    def deposer(self, montant):\n        self.solde += montant\n        return self.solde\n\n\ncompte = Compte(\"Zoé\")\nprint(compte.deposer(50))",
        explanation: "`__init__` prépare l'objet et `self` le désigne dans ses méthodes. Chaque objet garde son propre `solde`.",
    },
    Lesson {
        keywords: &["exception", "erreur", "try", "error"],
        code: "def lire_entier(texte):\n    try:\n        return int(texte)\n    except ValueError:\n        return None\n\n\nprint(lire_entier(\"42\"), lire_entier(\"quarante-deux\"))",
        explanation: "`try` exécute, `except` rattrape l'erreur nommée et elle seule : on ne cache pas les autres.",
    },
    Lesson {
        keywords: &["boucle", "for", "while", "loop"],
        code: "for i in range(1, 6):\n    print(i, i ** 2)\n\nreste = 10\nwhile reste > 0:\n    reste -= 3\nprint(reste)",
        explanation: "`for` parcourt une suite connue d'avance ; `while` continue tant que sa condition est vraie. `range(1, 6)` s'arrête avant 6.",
    },
    Lesson {
        keywords: &["liste", "list", "tableau", "array"],
        code: "nombres = [3, 1, 4, 1, 5]\nnombres.append(9)\n\npairs = [n for n in nombres if n % 2 == 0]\nprint(len(nombres), sum(nombres), pairs)",
        explanation: "`append` ajoute à la fin, et la compréhension `[… for … if …]` construit une nouvelle liste en filtrant.",
    },
    Lesson {
        keywords: &["fonction", "function", "def "],
        code: "def moyenne(*notes):\n    if not notes:\n        return 0\n    return sum(notes) / len(notes)\n\n\nprint(moyenne(12, 15, 18))",
        explanation: "`def` nomme un calcul et `return` rend son résultat. `*notes` accepte autant d'arguments qu'on veut.",
    },
    Lesson {
        keywords: &["bonjour", "hello", "print", "afficher"],
        code: "prenom = \"Zoé\"\nprint(f\"Bonjour, {prenom} !\")",
        explanation: "`print` affiche, et une chaîne précédée de `f` remplace ce qui est entre accolades par sa valeur.",
    },
];

const MARKERS: &[&str] = &[
    "**Explication :**",
    "Explication:",
    "Explication :",
    "### Explication",
    "**Explication\u{a0}:**",
    "Explication\u{202f}:",
    "📖 **Explication :**",
];

const NOTICE: &str = "(Réponse simulée : aucun modèle de langage n'a été interrogé.)";

/// Text with one Python fence and an explanation. The same question always gets the same answer.
pub(super) fn answer(question: &str) -> String {
    let plain = unaccented(question);
    let marker = MARKERS.get(plain.len() % MARKERS.len()).copied().unwrap_or("Explication :");
    let lesson = LESSONS.iter().find(|lesson| lesson.keywords.iter().any(|word| mentions(&plain, word)));
    match lesson {
        Some(lesson) => format!(
            "Voici un exemple.\n\n```python\n{}\n```\n\n{marker}\n{}\n\n{NOTICE}\n",
            lesson.code, lesson.explanation
        ),
        None => generic(question, marker),
    }
}

/// A keyword counts at the beginning of a word: `for` is not in `comfort`, `tri` is in `trier`.
fn mentions(plain: &str, keyword: &str) -> bool {
    plain.match_indices(keyword).any(|(at, _)| {
        !plain.get(..at).and_then(|before| before.chars().last()).is_some_and(char::is_alphanumeric)
    })
}

fn unaccented(text: &str) -> String {
    text.nfd().filter(char::is_ascii).collect::<String>().to_ascii_lowercase()
}

fn generic(question: &str, marker: &str) -> String {
    let mut quoted = String::new();
    for character in question.chars().take(120) {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            character if character.is_control() => quoted.push(' '),
            '`' => quoted.push('\''),
            character => quoted.push(character),
        }
    }
    let mut text = String::new();
    let _ = write!(
        text,
        "```python\nquestion = \"{quoted}\"\nprint(f\"Question de {{len(question.split())}} mot(s) : {{question}}\")\n```\n\n{marker}\n\
         Ce serveur local remplace Make.com et ne connaît que quelques sujets (boucles, listes, tri, fonctions, fichiers…). \
         Le programme ci-dessus ne fait qu'afficher votre question.\n\n{NOTICE}\n"
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_about_the_question() {
        for (question, expected) in [
            ("Comment écrire une boucle ?", "for i in range"),
            ("Donne-moi la suite de Fibonacci", "def fibonacci"),
            ("Trier une liste de notes", "sorted(notes)"),
            ("C'est quoi la récursivité ?", "factorielle(n - 1)"),
            ("How do I read a file?", "write_text"),
        ] {
            assert!(answer(question).contains(expected), "{question}");
        }
    }

    #[test]
    fn an_unknown_subject_is_answered_honestly() {
        let text = answer("Pourquoi le ciel est-il \"bleu\" ?\n```");
        assert!(text.contains("ne connaît que quelques sujets") && text.contains("simulée"));
        assert!(text.contains(r#"\"bleu\""#), "{text}");
        assert_eq!(text.matches("```").count(), 2, "{text}");
    }

    #[test]
    fn a_keyword_inside_another_word_does_not_count() {
        assert!(answer("le comfort du patrimoine").contains("ne connaît que quelques sujets"));
    }

    #[test]
    fn every_marker_can_appear() {
        let seen: std::collections::BTreeSet<_> =
            (0..40).map(|n| answer(&"?".repeat(n)).lines().nth(5).unwrap_or_default().to_owned()).collect();
        assert_eq!(seen.len(), MARKERS.len(), "{seen:?}");
    }
}
