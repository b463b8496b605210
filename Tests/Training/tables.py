#!/usr/bin/env python3
"""tables.py DIR... > Sources/Matching/GenericTables.swift: statistics of words, from ordinary source trees.

Two tables: how surprising a letter is behind two others, and a Bloom filter of common words. Both are about the language
of code and its documents, not about secrets: any few hundred megabytes of mixed source will do.
"""
import collections, math, os, re, sys

WORD = re.compile(rb"[A-Za-z]+")
PART = re.compile(rb"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
TEXT = {".py", ".js", ".ts", ".rb", ".java", ".go", ".php", ".cs", ".c", ".h", ".rs", ".md", ".rst", ".txt", ".yml",
        ".yaml", ".html", ".ex", ".kt", ".pl", ".pm", ".sh"}
EXTRA = """changeme letmein qwerty hunter admin administrator secret password passwd passphrase welcome monkey dragon
master login guest root test testing tester example sample dummy fake placeholder default user username account token
bearer foobar dolor ipsum lorem alice bobby charlie credential credentials private public mypassword mysecret supersecret
secure insecure invalid wrong incorrect correct horse battery staple opensesame keyboard swordfish sesame iloveyou sunshine
princess football baseball superman batman shadow postgres mysql redis mongo rabbit rabbitmq oracle docker kubernetes jenkins
vagrant ubuntu debian hello world hola hallo bonjour geheim passwort kennwort senha clave contrasena motdepasse parola sekret
dev prod staging local localhost demo temp temporary mock stub fixture something anything whatever nothing mytoken mykey
tomcat jetty glassfish minio elastic kibana grafana prometheus vault consul airflow superset metabase wordpress drupal joomla
abcdef abcd asdf asdfgh qazwsx zxcvbn""".split()


def texts(roots):
    for root in roots:
        for folder, folders, names in os.walk(root):
            folders.sort()
            for name in sorted(names):
                if os.path.splitext(name)[1].lower() in TEXT:
                    path = os.path.join(folder, name)
                    if not os.path.islink(path) and os.path.getsize(path) < 400_000:
                        with open(path, "rb") as file:
                            yield file.read()


def fnv(word):
    value = 0x811C9DC5
    for byte in word.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def main():
    counts = collections.Counter()
    spread = collections.Counter()
    for text in texts(sys.argv[1:]):
        parts = collections.Counter(part.lower() for word in WORD.findall(text) for part in PART.findall(word))
        for part, count in parts.items():
            counts[part] += min(count, 20)
            spread[part] += 1
    pairs, triples = collections.Counter(), collections.Counter()
    for word, count in counts.items():
        if spread[word] < 5 or len(word) < 2 or len(word) > 20:
            continue
        weight = math.sqrt(count)
        numbers = [0, 0] + [byte - 96 for byte in word]
        for a, b, c in zip(numbers, numbers[1:], numbers[2:]):
            triples[a, b, c] += weight
            pairs[a, b] += weight
    singles = collections.Counter()
    for (a, b, c), weight in triples.items():
        singles[c] += weight
    total = sum(singles.values())
    table = []
    for a in range(27):
        for b in range(27):
            for c in range(27):
                prior = (singles[c] + 1) / (total + 27)
                chance = (triples[a, b, c] + 30 * prior) / (pairs[a, b] + 30)
                table.append(chr(48 + min(42, round(-math.log2(chance) * 2.5))))
    words = [word.decode() for word, _ in spread.most_common() if 4 <= len(word) <= 12][:4500]
    bits = [0] * 65536
    for word in set(words) | {word for word in EXTRA if len(word) >= 4}:
        value = fnv(word)
        other = (value * 0x9E3779B1 & 0xFFFFFFFF) | 1
        for step in range(6):
            bits[((value + step * other) & 0xFFFFFFFF) >> 16] = 1
    bits += [0] * (-len(bits) % 6)
    packed = "".join(chr(48 + sum(bits[at + bit] << bit for bit in range(6))) for at in range(0, len(bits), 6))
    print("// Statistics of the words of code and its documents. Written by Tests/Training/tables.py; do not edit.\n// swift-format-ignore-file\n")
    print("enum GenericTables {")
    print("  /// Surprise of the third letter, in 2/5 bits, from '0'; index 729a + 27b + c.")
    print('  static let trigrams: StaticString = #"' + "".join(table) + '"#')
    print("  /// A Bloom filter of common words, six bits a character, from '0'.")
    print('  static let words: StaticString = #"' + packed + '"#')
    print("}")


main()
