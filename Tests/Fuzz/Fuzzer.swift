// A deterministic mutation fuzzer without instrumentation: inputs that make a parser say something new are kept and mutated
// further. What a parser says (its error, with the numbers taken out, or the shape of what it read) stands for coverage.

import Foundation
import TestSupport

/// Something that takes bytes from anybody.
protocol FuzzTarget: SendableMetatype {
  /// Also the name of its corpus.
  static var name: String { get }
  /// Inputs to begin with, made anew from random numbers.
  static func seed(_ random: inout Seeded) -> [UInt8]
  /// Feeds an input to the parser and returns what it said. What it says wrongly is thrown; what traps ends the process.
  static func run(_ input: [UInt8]) throws -> String
}

/// A parser that said something that can't be true.
struct FuzzFailure: Error, CustomStringConvertible {
  var description: String
}

/// The state of fuzzing one target.
struct Fuzzer {
  let target: any FuzzTarget.Type
  private(set) var corpus: [[UInt8]]
  private(set) var seen: Set<String> = []
  private(set) var runs = 0
  private static let maximumInput = 1 << 16
  private static let maximumCorpus = 4_000

  init(_ target: any FuzzTarget.Type, corpus: [[UInt8]]) throws {
    self.target = target
    self.corpus = []
    for input in corpus { try feed(input) }
  }

  /// Runs one input, and keeps it if what came out is new.
  mutating func feed(_ input: [UInt8]) throws {
    runs += 1
    let said = try target.run(input)
    if seen.insert(Fuzzer.shape(said)).inserted, corpus.count < Fuzzer.maximumCorpus { corpus.append(input) }
  }

  /// What was said without its numbers, which are of no interest, and without paths.
  static func shape(_ text: String) -> String {
    String(
      text.split(separator: " ").map { $0.contains("/") ? "/" : $0 }.joined(separator: " ").filter { !$0.isHexDigit })
  }

  /// One round: a fresh seed or a mutation of something kept.
  mutating func step(_ random: inout Seeded) throws {
    let input =
      corpus.isEmpty || Int.random(in: 0..<4, using: &random) == 0
      ? target.seed(&random) : corpus[Int.random(in: 0..<corpus.count, using: &random)]
    let other = corpus.isEmpty ? [] : corpus[Int.random(in: 0..<corpus.count, using: &random)]
    try feed(Fuzzer.mutated(input, with: other, &random))
  }

  /// Numbers at the edges of what fits.
  private static let edges: [UInt64] = [
    0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, .max,
  ]

  static func mutated(_ input: [UInt8], with other: [UInt8], _ random: inout Seeded) -> [UInt8] {
    var bytes = input
    for _ in 0..<Int.random(in: 0...5, using: &random) {
      let at = Int.random(in: 0...bytes.count, using: &random)
      let count = min(bytes.count - at, Int.random(in: 1...16, using: &random))
      switch Int.random(in: 0..<9, using: &random) {
      case 0 where at < bytes.count: bytes[at] = .random(in: 0...255, using: &random)
      case 1 where at < bytes.count: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: bytes.removeSubrange(at..<at + count)
      case 3: bytes.insert(contentsOf: bytes[at..<at + count], at: at)
      case 4: bytes.removeSubrange(at...)
      case 5:
        let edge = edges.randomElement(using: &random) ?? 0
        for index in 0..<min(count, 8) {
          bytes[at + index] = UInt8(truncatingIfNeeded: edge >> UInt64(8 * (7 - index)))
        }
      case 6 where !other.isEmpty:
        let from = Int.random(in: 0..<other.count, using: &random)
        bytes.insert(contentsOf: other[from..<min(other.count, from + count)], at: at)
      case 7 where !other.isEmpty: bytes = Array(bytes[..<at]) + other.suffix(other.count - min(at, other.count))
      default: bytes.insert(contentsOf: (0..<count).map { _ in .random(in: 0...255, using: &random) }, at: at)
      }
    }
    return Array(bytes.prefix(maximumInput))
  }
}
