// Rules as they lie in the program: what is packed comes out again, and what is spoilt is an error.

import Model
import Testing

@testable import RuleBook

private func rule(_ id: String, provider: String, kind: RuleKind = .pattern) -> Rule {
  Rule(
    id: RuleID(id), kind: kind, detector: kind == .detector ? "generic-key" : nil, provider: provider,
    name: "Ключ \(id)",
    aliases: ["other-\(id)", ""], severity: .critical, confidence: .structure,
    literals: kind == .detector ? [] : [id + "_"], pattern: "\(id)_[\\\\a-z\"]{3}é", width: 70, minimumEntropy: 2.5,
    stopWords: ["sample"], checksum: .crc32Base62, isPublic: true, source: "https://docs.example/\(id)",
    pairs: [RuleID("b-one")], pairLines: 3, paths: [".rc"])
}

private let providers = [
  Provider(id: "zeta", name: "Zeta", homepage: "https://zeta.example", rules: [rule("m-one", provider: "zeta")]),
  Provider(
    id: "alpha", name: "Alpha", homepage: "",
    rules: [rule("z-one", provider: "alpha"), rule("b-one", provider: "alpha", kind: .detector)]),
]

@Suite struct PackedBookTests {
  @Test func numbersAndTexts() {
    var writer = PackedWriter()
    let numbers = [0, 1, 31, 32, 1_023, 1_024, 65_535, Int.max >> 4, -7]
    for number in numbers { writer.number(number) }
    for word in [0, 1, UInt64.max, 0x0123_4567_89ab_cdef] { writer.word(word) }
    writer.text([0, 127, 128, 255])
    #expect(writer.bytes.allSatisfy { (0x30...0x6f).contains($0) })
    writer.text(Array("as it \"is\"".utf8))
    var reader = PackedReader(writer.bytes.span)
    for number in numbers { #expect(reader.number() == max(0, number)) }
    for word in [0, 1, UInt64.max, 0x0123_4567_89ab_cdef] { #expect(reader.word() == word) }
    var pool: [UInt8] = [9]
    #expect(reader.text(into: &pool) == 4 && pool == [9, 0, 127, 128, 255])
    #expect(reader.text(into: &pool) == 10 && pool.dropFirst(5).elementsEqual("as it \"is\"".utf8))
    #expect(reader.isAtEnd && !reader.isSpoilt)
    #expect(reader.number() == 0 && reader.isSpoilt)
  }

  @Test func aNumberThatNeverEndsIsSpoilt() {
    for text in ["", "o", "oooooooooooooooooooooooooooo", "\u{7f}", " 0", "é"] {
      var reader = PackedReader(text.utf8.span)
      #expect(reader.number() == 0 && reader.isSpoilt, "\(text)")
    }
    var reader = PackedReader("50".utf8.span)
    #expect(reader.number(below: 5) == 0 && reader.isSpoilt)
  }

  @Test func aListIsTheBooks() throws {
    let book = try #require(PackedBook(packing: providers))
    let list = try RuleList(book)
    let rules = RuleBook(providers).rules
    #expect(Array(list) == rules)
    #expect(list.facts == rules.map { RuleFacts($0) } && list.facts == RuleList(rules).facts)
    // A second look at a rule sees the same.
    #expect(list[1] == rules[1] && list[1] == rules[1])
    let unpacked = RuleBook(book.providers.compactMap { $0.unpack(examples: true) })
    #expect(unpacked.providers == RuleBook(providers).providers)
    #expect(try Array(RuleList(try #require(PackedBook(packing: [])))).isEmpty)
  }

  @Test func otherRulesAreRefused() throws {
    var book = try #require(PackedBook(packing: providers))
    #expect(book.digest == PackedBook.digest(of: book.rules))
    let other = try #require(PackedBook(packing: [providers[0]]))
    book.facts = other.facts
    #expect(throws: PackedBookError("the table of rules belongs to other rules")) { try RuleList(book) }
  }

  /// However a table is cut or changed, it is refused or names rules that lie within the text.
  @Test func aSpoiltTableEndsInAnError() throws {
    let book = try #require(PackedBook(packing: providers))
    let facts = Array(book.facts.utf8)
    var refused = 0
    for place in facts.indices {
      for byte in [UInt8(0x30), 0x4f, 0x6f, 0x20] where facts[place] != byte {
        var changed = book
        var bytes = facts
        bytes[place] = byte
        changed.facts = String(decoding: bytes, as: UTF8.self)
        do { _ = try RuleList(changed).map(\.id) } catch { refused += 1 }
      }
      var cut = book
      cut.facts = String(decoding: facts[..<place], as: UTF8.self)
      #expect(throws: PackedBookError.self) { try RuleList(cut) }
    }
    #expect(refused > facts.count)
  }

  @Test func separatorsAreNotPacked() {
    var provider = providers[0]
    provider.name = "a\u{1c}b"
    #expect(PackedBook(packing: [provider]) == nil)
  }
}
