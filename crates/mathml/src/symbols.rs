//! The commands that stand for one symbol.

/// What a symbol is, which decides its spacing and the place of its scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Symbol {
    Letter(&'static str),
    Operator(&'static str),
    /// Its limits stand below and above it.
    Large(&'static str),
    /// A name that is written upright, such as log.
    Function(&'static str),
    /// The same, with its limit below it.
    Limit(&'static str),
    /// A width in em.
    Space(&'static str),
}

/// Names and signs in turn.
const LETTERS: &str = "alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ iota ι kappa κ lambda λ \
    mu μ nu ν xi ξ pi π rho ρ sigma σ tau τ upsilon υ phi ϕ varphi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ \
    Xi Ξ Pi Π Sigma Σ Phi Φ Psi Ψ Omega Ω infty ∞ partial ∂ nabla ∇ emptyset ∅ varnothing ∅ ell ℓ hbar ℏ";
const OPERATORS: &str = "le ≤ leq ≤ leqslant ≤ ge ≥ geq ≥ geqslant ≥ ne ≠ neq ≠ approx ≈ equiv ≡ sim ∼ times × cdot ⋅ div ÷ \
    pm ± mp ∓ to → rightarrow → leftarrow ← Rightarrow ⇒ implies ⟹ Leftrightarrow ⇔ iff ⟺ mapsto ↦ in ∈ notin ∉ subset ⊂ \
    subseteq ⊆ cup ∪ cap ∩ setminus ∖ forall ∀ exists ∃ neg ¬ lnot ¬ land ∧ wedge ∧ lor ∨ vee ∨ ldots … dots … cdots ⋯ \
    mid ∣ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ langle ⟨ rangle ⟩ int ∫ circ ∘ oplus ⊕ ll ≪ gg ≫ propto ∝ perp ⊥ ast ∗";
const LARGE: &str = "sum ∑ prod ∏ bigcup ⋃ bigcap ⋂";
const FUNCTIONS: [&str; 14] = [
    "log", "ln", "exp", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "deg", "det", "dim", "ker", "gcd",
];
const LIMITS: [&str; 6] = ["lim", "max", "min", "sup", "inf", "argmax"];
const SPACES: [(&str, &str); 7] = [
    (",", "0.17em"),
    (":", "0.22em"),
    (";", "0.28em"),
    ("!", "-0.17em"),
    (" ", "0.33em"),
    ("quad", "1em"),
    ("qquad", "2em"),
];
const ESCAPED: [(&str, &str); 6] = [("{", "{"), ("}", "}"), ("%", "%"), ("_", "_"), ("#", "#"), ("|", "‖")];

pub(super) fn symbol(name: &str) -> Option<Symbol> {
    let named = |names: &[&'static str]| names.iter().copied().find(|known| *known == name);
    let paired = |pairs: &[(&str, &'static str)]| {
        pairs.iter().find(|(known, _)| *known == name).map(|(_, sign)| *sign)
    };
    (sign_of(LETTERS, name).map(Symbol::Letter))
        .or_else(|| sign_of(OPERATORS, name).map(Symbol::Operator))
        .or_else(|| sign_of(LARGE, name).map(Symbol::Large))
        .or_else(|| named(&FUNCTIONS).map(Symbol::Function))
        .or_else(|| named(&LIMITS).map(Symbol::Limit))
        .or_else(|| paired(&SPACES).map(Symbol::Space))
        .or_else(|| paired(&ESCAPED).map(Symbol::Operator))
}

fn sign_of(table: &'static str, name: &str) -> Option<&'static str> {
    let mut words = table.split_ascii_whitespace();
    while let (Some(known), Some(sign)) = (words.next(), words.next()) {
        if known == name {
            return Some(sign);
        }
    }
    None
}

/// The sets of numbers.
pub(super) fn blackboard(letter: &str) -> Option<&'static str> {
    sign_of("N ℕ Z ℤ Q ℚ R ℝ C ℂ P ℙ K 𝕂 E 𝔼", letter)
}
