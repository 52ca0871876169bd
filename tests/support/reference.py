"""A slow and obvious matcher: one paper, one query, every word looked at. What the index must agree with.

It shares with the product what a word is (`digest.profile.words`), and nothing else.
"""

from digest.topics import And, Author, Fact, Not, Or, Phrase
from digest.topics.words import BREAK, cut, fold, is_name, joinable, name_forms, stem


def matches(query, paper):
    match query:
        case Not():
            return not matches(query.part, paper)
        case And():
            return all(matches(part, paper) for part in query.parts)
        case Or():
            return any(matches(part, paper) for part in query.parts)
        case Phrase():
            return any(stands_in(query, list(cut(text))) for text in searched(query.field, paper))
        case Author():
            return any(is_author(query.names, list(cut(author))) for author in paper.authors)
        case Fact():
            return holds(query, paper)


def searched(field, paper):
    texts = {
        "title": [paper.title],
        "abstract": [paper.abstract],
        "org": [paper.organization, paper.organization_handle],
        "": [paper.title, paper.abstract, *paper.keywords],
    }
    return texts[field]


def stands_in(phrase, tokens):
    follows = follows_exactly if phrase.exact else follows_in_any_spelling
    return any(follows(list(phrase.words), tokens, at, first=True) for at in range(len(tokens)))


def neighbours(word, token, first):
    """Whether the gap in the text allows the word to follow: sentences end phrases."""
    return first or word.gap == BREAK or token.gap != BREAK


def follows_exactly(words, tokens, at, first):
    if not words:
        return True
    if at >= len(tokens) or not (first or tokens[at].gap == words[0].gap):
        return False
    word, token = words[0].text, tokens[at].surface
    same = word == token if is_name(word) else fold(word) == fold(token)
    return same and follows_exactly(words[1:], tokens, at + 1, first=False)


def follows_in_any_spelling(words, tokens, at, first):
    """Take some words of the query as one, or some of the text as one, and go on behind them."""
    if not words:
        return True
    if at >= len(tokens) or not neighbours(words[0], tokens[at], first):
        return False
    asked = [1, *(n for n in (2, 3, 4) if n <= len(words) and are_joinable(words[:n]))]
    read = [n for n in range(1, len(tokens) - at + 1) if are_one(tokens[at : at + n])]
    return any(
        one_word(words[:many], tokens[at : at + some])
        and follows_in_any_spelling(words[many:], tokens, at + some, first=False)
        for many in asked
        for some in read
        if many == 1 or some == 1
    )


def are_joinable(words):
    pairs = zip(words, words[1:], strict=False)
    return all(not left.prefix and joinable(fold(left.text), right.gap, fold(right.text)) for left, right in pairs)


def are_one(tokens):
    pairs = zip(tokens, tokens[1:], strict=False)
    return all(joinable(fold(left.surface), right.gap, fold(right.surface)) for left, right in pairs)


def one_word(words, tokens):
    asked = "".join(word.text for word in words)
    text = "".join(token.surface for token in tokens)
    is_a_name = any(is_name(word.text) for word in words)
    if len(tokens) > 1:
        # Written apart, the text must begin as the word does: an inflection only ever changes its end.
        begun = text[: -len(tokens[-1].surface)]
        if not (asked.startswith(begun) if is_a_name else fold(asked).startswith(fold(begun))):
            return False
        if words[0].prefix and one_word(words, tokens[:-1]):
            return False
    if words[-1].prefix:
        return text.startswith(asked) if is_a_name else fold(text).startswith(fold(asked))
    return text in name_forms(asked) if is_a_name else stem(fold(text)) == stem(fold(asked))


def is_author(names, tokens):
    listed = [(token.surface, token.gap) for token in tokens]
    asked = [(name.text, name.gap) for name in names]
    return any(same_person(a, b) for a in (apart(asked), joined(asked)) for b in (apart(listed), joined(listed)))


def apart(names):
    return [fold(name) for name, _ in names]


def joined(names):
    together = []
    for name, gap in names:
        if together and gap == "-":
            together[-1] += fold(name)
        else:
            together.append(fold(name))
    return together


def same_person(asked, listed):
    """Whether some way to pair every name asked for with one listed makes them alike."""
    if not asked:
        return True
    return any(name in listed for name in asked) and pairable(asked, listed)


def pairable(asked, listed):
    if not asked:
        return True
    name = asked[0]
    return any(
        pairable(asked[1:], listed[:at] + listed[at + 1 :])
        for at, other in enumerate(listed)
        if name == other or (1 in (len(name), len(other)) and name[0] == other[0])
    )


def holds(fact, paper):
    value = fact.value.casefold()
    match fact.field:
        case "cat":
            return any(c.casefold() == value or c.casefold().startswith(value + ".") for c in paper.categories)
        case "source":
            return value in paper.sources
        case "has":
            return bool({"code": paper.code_url, "project": paper.project_url}[value])
        case "upvotes":
            n = int(value)
            return {
                ">=": paper.upvotes >= n,
                "<=": paper.upvotes <= n,
                ">": paper.upvotes > n,
                "<": paper.upvotes < n,
                "=": paper.upvotes == n,
            }[fact.comparison]
