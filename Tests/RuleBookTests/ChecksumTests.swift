// The sums and structures inside credentials, against vectors that their authors published, and against made ones.

import RuleBook
import Testing

/// A vector is kept in pieces: a whole one in a file looks like a leak to those who look for leaks.
private func joined(_ pieces: String...) -> [UInt8] { Array(pieces.joined().utf8) }

private func holds(_ kind: ChecksumKind, _ token: [UInt8]) -> Bool { Checksum.verify(kind, token.span) }

private func expanded(_ template: String, _ seed: UInt64) throws -> [UInt8] {
  try ExampleTemplate.expand(template, seed: seed)
}

/// The alphabet's next character, so that a spoilt token still has its shape.
private func spoilt(_ token: [UInt8], at place: Int) -> [UInt8] {
  var token = token
  token[place] = token[place] == 0x61 || token[place] == 0x51 ? token[place] + 1 : token[place] < 0x3a ? 0x34 : 0x51
  return token
}

@Suite struct ChecksumTests {
  @Test func crc32OfTheStandardCheck() {
    let bytes = Array("123456789".utf8)
    #expect(Checksum.crc32(bytes.span, 0..<9) == 0xcbf4_3926)
    #expect(Checksum.base62(0) == Array("000000".utf8))
    #expect(Checksum.base62(.max) == Array("4gfFC3".utf8))
  }

  /// https://github.com/secretlint/secretlint/issues/200 quotes a dummy of npm's.
  @Test func npmPublished() {
    #expect(holds(.crc32Base62, joined("npm_qkJaB6MffYVzZX", "WqmcoF49yrUxP3wf0LsakP")))
    #expect(!holds(.crc32Base62, joined("npm_qkJaB6MffYVzZX", "WqmcoF49yrUxP3wf0LsakQ")))
  }

  /// The example of Confluent's own page on API keys.
  @Test func confluentPublished() {
    let token = joined("cfltT8d8RzkNseTMEDKcjNM1BZTFPHq", "Rn/dQm9q7w6SjzZ12wZfwjaJdipHZtDjw")
    #expect(holds(.crc32Base64, token))
    for place in [4, 30, 57, 63] { #expect(!holds(.crc32Base64, spoilt(token, at: place))) }
  }

  /// https://en.bitcoin.it/wiki/Wallet_import_format
  @Test func walletImportFormatPublished() {
    let key = joined("5HueCGU8rMjxEXxiPuD5BDku4", "MkFqeZyd4dZ1jvhTVqvbTLvyTJ")
    #expect(holds(.base58check, key))
    #expect(!holds(.base58check, joined("5HueCGU8rMjxEXxiPuD5BDku4", "MkFqeZyd4dZ1jvhTVqvbTLvyTK")))
    // 0 is no digit of base 58.
    #expect(!holds(.base58check, joined("5HueCGU8rMjxEXxiPuD5BDku0", "MkFqeZyd4dZ1jvhTVqvbTLvyTJ")))
  }

  /// BIP 173's lists of valid and invalid strings.
  @Test(arguments: ["A12UEL5L", "a12uel5l", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "?1ezyfcl"])
  func bech32Published(_ text: String) { #expect(holds(.bech32, Array(text.utf8))) }

  @Test(arguments: ["A12uEL5L", "a12uel5m", "1nwldj5", "pzry9x0s0muk", "x1b4n0q5v", "de1lg7wt", "", "1", "a1"])
  func bech32Refused(_ text: String) { #expect(!holds(.bech32, Array(text.utf8))) }

  /// The example of SEP 23's predecessor, js-stellar-base's documentation.
  @Test func stellarPublished() {
    let seed = joined("SBU2RRGLXH3E5CQHTD3ODLDF2BWD", "CYUSSBLLZ5GNW7JXHDIYKXZWHOKR")
    #expect(holds(.crc16Base32, seed))
    #expect(!holds(.crc16Base32, joined("SBU2RRGLXH3E5CQHTD3ODLDF2BWD", "CYUSSBLLZ5GNW7JXHDIYKXZWHOKS")))
  }

  /// Each template makes what its checksum accepts, and a token with any one character changed is refused.
  @Test(arguments: [
    (ChecksumKind.crc32Base62, "ghp_{base62:30}{crc32-base62}"),
    (.crc32Base62Whole, "abc_{base62:30}{crc32-base62-whole}"), (.crc32Hex, "glsa_{base62:32}_{crc32-hex}"),
    (.crc32Base64, "cflt{base64:54}{crc32-base64}"), (.gitlabRoutable, "glpat-{base64url:27}.01.0r{crc32-base36}"),
    (.gitlabRoutable, "glrt-t1_{base64url:40}.01.14{crc32-base36}"), (.base58check, "{base58check:80:33}"),
    (.bech32, "{bech32:AGE-SECRET-KEY-:32}"), (.bech32, "{bech32:nsec:32}"), (.crc16Base32, "{crc16-base32:90:32}"),
    (.jwt, "{jwt}"), (.pem, "{pem:EC PRIVATE KEY}"), (.pem, "{pem:OPENSSH PRIVATE KEY}"), (.pypi, "{pypi}"),
  ])
  func templatesHold(_ kind: ChecksumKind, _ template: String) throws {
    for seed in UInt64(0)..<20 {
      let token = try expanded(template, seed)
      #expect(holds(kind, token), "\(template), seed \(seed)")
      guard kind.isSum else { continue }
      let place = token.count - 1 - Int(seed % 5)
      let other = spoilt(token, at: place)
      if other != token { #expect(!holds(kind, other), "\(template), seed \(seed), place \(place)") }
    }
  }

  @Test func gitlabLengthMustBeThatOfThePayload() throws {
    let template = "glpat-{base64url:27}.01.0s{crc32-base36}"
    #expect(!holds(.gitlabRoutable, try expanded(template, 1)))
  }

  /// Whatever the bytes are, the answer is no, and nothing traps.
  @Test(arguments: ChecksumKind.allCases)
  func rubbishIsRefused(_ kind: ChecksumKind) {
    var generator = SeededGenerator(seed: 20_240_601)
    #expect(!holds(kind, []))
    for count in 1...80 {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      #expect(!holds(kind, bytes))
      let dots = (0..<count).map { _ in Array("._-1=".utf8)[Int.random(in: 0..<5, using: &generator)] }
      #expect(!holds(kind, dots))
    }
  }
}

@Suite struct AWSAccessKeyTests {
  private func account(_ id: String) -> String? { AWSAccessKey.account(of: Array(id.utf8).span) }

  /// The example with which the encoding was first published, in two pieces.
  @Test func published() { #expect(account("ASIAQNZGKI" + "QY56JQ7WML") == "029608264753") }

  @Test(arguments: [
    "", "AKIA", "AKIAIOSFODNN7EXAMPLE", "AROAQNZGKIQY56JQ7WM2", "AKIAQNZGKIQY56JQ7W01", "AKIAQAAAAAAAAAAAAAAAA",
  ])
  func otherIdentifiersSayNothing(_ id: String) { #expect(account(id) == nil) }
}
