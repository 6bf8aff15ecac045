//! What the scripts of the page say, but for those in `page_images`: the name of the attribute, `data-…`, and the text in
//! French and in English. `{name}` stands for a value.

pub(crate) const SCRIPT_TEXTS: &[(&str, &str, &str)] = &[
    (
        "not-usable",
        "« {name} » n’est ni un PDF ni une photo JPEG, PNG, WebP ou HEIC.",
        "“{name}” is neither a PDF nor a JPEG, PNG, WebP or HEIC photo.",
    ),
    (
        "apart",
        "« {name} » est à convertir à part : les PDF d’un côté, les photos de l’autre.",
        "“{name}” has to be converted separately: PDFs and photos do not go together.",
    ),
    (
        "too-many",
        "« {name} » dépasse la limite : 20 fichiers et 50 Mo au maximum.",
        "“{name}” goes over the limit: at most 20 files and 50 MB.",
    ),
    ("look", "Afficher {name}", "Show {name}"),
    ("up", "Monter {name}", "Move {name} up"),
    ("down", "Descendre {name}", "Move {name} down"),
    ("remove", "Retirer {name}", "Remove {name}"),
    (
        "offline",
        "Atelier est injoignable. Vérifiez votre connexion, puis recommencez.",
        "Atelier cannot be reached. Check your connection, then try again.",
    ),
    (
        "cut",
        "La réponse s’est interrompue avant la fin. Recommencez.",
        "The answer was cut off before its end. Try again.",
    ),
    (
        "signed-out",
        "Votre session a pris fin. Vos fichiers restent sélectionnés ici : vous pourrez les convertir ensuite.",
        "Your session has ended. Your files are still selected here: convert them afterwards.",
    ),
    ("sign-in", "Se reconnecter dans un nouvel onglet", "Sign in again in a new tab"),
    ("cancelled", "Conversion annulée.", "Conversion cancelled."),
    ("uploading", "Envoi : {percent} %", "Uploading: {percent}%"),
    ("checking", "Vérification…", "Checking…"),
    ("accepted", "Document reçu. Pages : {pages}.", "Document received. Pages: {pages}."),
    ("preparing", "Préparation du document…", "Preparing the document…"),
    ("model", "Lecture du document…", "Reading the document…"),
    ("compiling", "Compilation…", "Compiling…"),
    ("writing", "Transcription en cours…", "Transcribing…"),
    ("continuing", "Document long : suite de la transcription…", "Long document: transcribing the rest…"),
    (
        "waiting",
        "Google est très sollicité : nouvel essai dans quelques secondes…",
        "Google is busy: trying again in a few seconds…",
    ),
    ("page", "Page {page} sur {pages}", "Page {page} of {pages}"),
    ("done", "Transcription terminée.", "Transcription finished."),
    (
        "incomplete",
        "Transcription incomplète : lisez les points à vérifier.",
        "Incomplete transcription: read the points to check.",
    ),
    ("checked", "Document revérifié.", "Document checked again."),
    ("paid-back", "Ses pages ne sont pas décomptées.", "Its pages do not count."),
    (
        "not-paid-back",
        "Pages qui restent décomptées : {pages}. Seules les cinq premières annulations du jour sont remboursées.",
        "Pages that still count: {pages}. Only the first five cancellations of a day are refunded.",
    ),
    ("document", "Document {number} sur {count}.", "Document {number} of {count}."),
    ("documents", "Documents convertis : {done} sur {count}.", "Documents converted: {done} of {count}."),
    ("failed", "« {name} » n’a pas été converti.", "“{name}” was not converted."),
    ("not-converted", "non converti", "not converted"),
    ("open", "Rouvrir", "Open"),
    ("open-this", "Rouvrir {name}", "Open {name}"),
    ("delete", "Supprimer", "Delete"),
    ("delete-this", "Supprimer {name}", "Delete {name}"),
    ("kept-cancelled", "annulée", "cancelled"),
    ("kept-incomplete", "incomplète", "incomplete"),
    ("copied", "Copié", "Copied"),
    (
        "facts",
        "Modèle : {model}. Pages décomptées : {pages_charged}.",
        "Model: {model}. Pages counted: {pages_charged}.",
    ),
    ("compiles", "Le code compile avec pdflatex.", "The code compiles with pdflatex."),
    ("not-compiled", "Le code n’a pas été compilé.", "The code was not compiled."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::PICTURES_MAX;
    use crate::upload::error::{UPLOAD_MAX_EN, UPLOAD_MAX_FR};

    #[test]
    fn the_limits_in_the_texts_are_those_of_the_server() {
        let (_, french, english) = SCRIPT_TEXTS.iter().find(|(name, ..)| *name == "too-many").unwrap();
        for (text, files, size) in [(french, "fichiers", UPLOAD_MAX_FR), (english, "files", UPLOAD_MAX_EN)] {
            assert!(text.contains(&format!("{PICTURES_MAX} {files}")) && text.contains(size), "{text}");
        }
    }

    #[test]
    fn the_scripts_use_every_text() {
        let scripts = concat!(
            include_str!("../assets/ocr.js"),
            include_str!("../assets/conversion.js"),
            include_str!("../assets/sending.js"),
            include_str!("../assets/result.js")
        );
        for (name, ..) in SCRIPT_TEXTS {
            let words = name.split('-');
            let camel: String = words
                .enumerate()
                .map(|(at, word)| match (at, word.split_at(1)) {
                    (1.., (first, rest)) => first.to_uppercase() + rest,
                    _ => word.to_owned(),
                })
                .collect();
            // The stages of the server's events are looked up by their names.
            let is_stage =
                ["accepted", "preparing", "model", "continuing", "waiting", "compiling"].contains(name);
            assert!(is_stage || scripts.contains(&format!("texts.{camel}")), "{name}");
        }
    }
}
