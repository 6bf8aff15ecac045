//! The functions of the LaTeX crate that read what a model wrote, exported to `tests/growth.rs`.
//! Outside WebAssembly there is nothing here.
#![cfg(target_family = "wasm")]
#![expect(unsafe_code, reason = "in the generated exports only")]

wit_bindgen::generate!({
    inline: "
        package atelier:latex-guest;
        world growth {
            export finish: func(raw: string, stopped: bool);
            export markdown: func(latex: string);
            export join: func(before: string, after: string, stopped: bool);
        }
    ",
});

struct Growth;

export!(Growth);

impl Guest for Growth {
    fn finish(raw: String, stopped: bool) {
        std::hint::black_box(latex::finish(&raw, stopped));
    }

    fn markdown(latex: String) {
        std::hint::black_box(latex::markdown::from_latex(&latex, true));
    }

    fn join(before: String, after: String, stopped: bool) {
        std::hint::black_box(latex::join(&before, &after, stopped));
    }
}
