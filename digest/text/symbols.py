"""What TeX's commands look like in plain Unicode. Tables only; `tex` reads with them."""

from __future__ import annotations

_SIGNS = r"""
alpha=α beta=β gamma=γ delta=δ epsilon=ε varepsilon=ε zeta=ζ eta=η theta=θ vartheta=ϑ iota=ι kappa=κ lambda=λ mu=μ
nu=ν xi=ξ pi=π rho=ρ sigma=σ tau=τ upsilon=υ phi=φ varphi=φ chi=χ psi=ψ omega=ω Gamma=Γ Delta=Δ Theta=Θ Lambda=Λ
Xi=Ξ Pi=Π Sigma=Σ Upsilon=Υ Phi=Φ Psi=Ψ Omega=Ω ell=ℓ hbar=ℏ Re=ℜ Im=ℑ aleph=ℵ partial=∂ nabla=∇ infty=∞
times=× div=÷ pm=± mp=∓ cdot=· ast=* star=⋆ circ=∘ bullet=• oplus=⊕ otimes=⊗ odot=⊙ wedge=∧ vee=∨ cap=∩ cup=∪
setminus=∖ sum=∑ prod=∏ int=∫ le=≤ leq=≤ leqslant=≤ ge=≥ geq=≥ geqslant=≥ lt=< gt=> ne=≠ neq=≠ ll=≪ gg=≫ approx=≈
sim=∼ simeq=≃ cong=≅ equiv=≡ propto=∝ asymp=≍ lesssim=≲ gtrsim=≳ prec=≺ succ=≻ preceq=⪯ succeq=⪰ subset=⊂
subseteq=⊆ supset=⊃ supseteq=⊇ in=∈ notin=∉ ni=∋ emptyset=∅ varnothing=∅ forall=∀ exists=∃ neg=¬ perp=⊥ parallel=∥
mid=| vert=| Vert=‖ |=‖ langle=⟨ rangle=⟩ lfloor=⌊ rfloor=⌋ lceil=⌈ rceil=⌉ to=→ rightarrow=→ longrightarrow=→
leftarrow=← gets=← leftrightarrow=↔ uparrow=↑ downarrow=↓ nearrow=↗ searrow=↘ mapsto=↦ Rightarrow=⇒ Leftarrow=⇐
implies=⇒ Leftrightarrow=⇔ iff=⇔ top=⊤ bot=⊥ prime=′ dagger=† ddagger=‡ checkmark=✓ ldots=… dots=… cdots=…
textgreater=> textless=< textasciitilde=∼ textendash=– textemdash=— textdegree=° degree=°
ss=ß ae=æ AE=Æ oe=œ OE=Œ aa=å AA=Å o=ø O=Ø l=ł L=Ł i=ı bmod=mod pmod=mod
"""
_WORDS = "log ln exp max min sup inf lim arg argmax argmin Pr sin cos tanh LaTeX"
# Size and shape, which plain text does not have.
_SILENT = r"! - / left right middle limits displaystyle allowbreak rm bf it em tt small"
_SILENT += " big bigl bigr Big Bigl Bigr bigg biggl biggr Bigg Biggl Biggr"
SYMBOLS = dict(pair.split("=", 1) for pair in _SIGNS.split())
SYMBOLS |= {word: word for word in _WORDS.split()}
SYMBOLS |= dict.fromkeys(_SILENT.split(), "")
SYMBOLS |= dict.fromkeys(["quad", "qquad", ",", ";", ":", " ", "\\"], " ")

_STYLES = """
text textbf textit emph texttt textsc textrm textsf textsl textnormal underline uline mathrm mathbf mathit mathcal
mathscr mathfrak mathsf mathtt operatorname boldsymbol bm mbox hbox smash ensuremath url b
"""
STYLES = tuple(_STYLES.split())

RAISED = dict(
    zip(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW⊤",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵀ",
        strict=True,
    )
)
LOWERED = dict(zip("0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
DOUBLE_STRUCK = str.maketrans("CHNPQRZ", "ℂℍℕℙℚℝℤ")

ACCENTS = dict(
    zip("\"'`^~=.cvuHrk", "\u0308\u0301\u0300\u0302\u0303\u0304\u0307\u0327\u030c\u0306\u030b\u030a\u0328", strict=True)
)
HATS = {"hat": "^", "widehat": "^", "tilde": "~", "widetilde": "~", "bar": "=", "dot": ".", "ddot": '"', "check": "v"}
