// The first few bytes of a zlib stream of unknown size: enough for the header of a loose object or of a delta, without
// unpacking the rest. Plain and slow; Inflate.swift does the real work. Checks no checksum.

/// Unpacks the beginning of a zlib stream (RFC 1950, RFC 1951).
struct InflatePrefix {
  private let input: [UInt8]
  private let maximum: Int
  private var at = 2
  private var bits: UInt64 = 0
  private var bitCount = 0
  private var output: [UInt8] = []

  /// The first `maximum` bytes that `input` unpacks to, or all of them if they are fewer; nil if the stream is broken
  /// or cut off before that.
  static func unpack(_ input: [UInt8], maximum: Int) -> [UInt8]? {
    guard input.count > 2, input[0] & 15 == 8, (Int(input[0]) << 8 | Int(input[1])) % 31 == 0, input[1] & 32 == 0
    else { return nil }
    var decoder = InflatePrefix(input: input, maximum: maximum)
    return decoder.run() ? Array(decoder.output.prefix(maximum)) : nil
  }

  private init(input: [UInt8], maximum: Int) {
    self.input = input
    self.maximum = maximum
  }

  private var isDone: Bool { output.count >= maximum }

  private mutating func run() -> Bool {
    while !isDone {
      guard let isLast = take(1), let type = take(2) else { return false }
      let isSound =
        switch type {
        case 0: stored()
        case 1: compressed(Huffman.fixedLiterals, Huffman.fixedDistances)
        case 2: dynamic()
        default: false
        }
      guard isSound else { return false }
      if isLast == 1 { return true }
    }
    return true
  }

  private mutating func take(_ count: Int) -> Int? {
    while bitCount < count {
      guard at < input.count else { return nil }
      bits |= UInt64(input[at]) << UInt64(bitCount)
      at += 1
      bitCount += 8
    }
    let value = Int(bits & ((1 << UInt64(count)) - 1))
    bits >>= UInt64(count)
    bitCount -= count
    return value
  }

  private mutating func stored() -> Bool {
    _ = take(bitCount % 8)
    guard let count = take(16), let complement = take(16), count ^ complement == 0xffff else { return false }
    for _ in 0..<count where !isDone {
      guard let byte = take(8) else { return false }
      output.append(UInt8(truncatingIfNeeded: byte))
    }
    return true
  }

  private mutating func symbol(_ table: Huffman) -> Int? {
    var code = 0
    var first = 0
    var index = 0
    for length in 1...Huffman.maximumLength {
      guard let bit = take(1) else { return nil }
      code |= bit
      let count = table.counts[length]
      if code - count < first { return table.symbols[index + (code - first)] }
      index += count
      first = (first + count) << 1
      code <<= 1
    }
    return nil
  }

  private mutating func compressed(_ literals: Huffman, _ distances: Huffman) -> Bool {
    while !isDone {
      guard let symbol = symbol(literals) else { return false }
      if symbol == 256 { return true }
      if symbol < 256 {
        output.append(UInt8(symbol))
        continue
      }
      guard symbol - 257 < Huffman.lengths.count, let extra = take(Huffman.lengths[symbol - 257].extra),
        let code = self.symbol(distances), code < Huffman.distances.count,
        let more = take(Huffman.distances[code].extra)
      else { return false }
      let distance = Huffman.distances[code].base + more
      guard distance <= output.count else { return false }
      for _ in 0..<(Huffman.lengths[symbol - 257].base + extra) { output.append(output[output.count - distance]) }
    }
    return true
  }

  private static let codeOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

  private mutating func dynamic() -> Bool {
    guard let literalCount = take(5), let distanceCount = take(5), let codeCount = take(4) else { return false }
    var codeLengths = [Int](repeating: 0, count: 19)
    for index in 0..<(codeCount + 4) {
      guard let length = take(3) else { return false }
      codeLengths[InflatePrefix.codeOrder[index]] = length
    }
    guard let codes = Huffman(codeLengths) else { return false }
    let total = literalCount + 257 + distanceCount + 1
    var lengths: [Int] = []
    while lengths.count < total {
      guard let symbol = symbol(codes) else { return false }
      if symbol < 16 {
        lengths.append(symbol)
        continue
      }
      let (bits, base) = symbol == 16 ? (2, 3) : symbol == 17 ? (3, 3) : (7, 11)
      guard let extra = take(bits), symbol != 16 || !lengths.isEmpty, lengths.count + base + extra <= total else {
        return false
      }
      lengths.append(contentsOf: repeatElement(symbol == 16 ? lengths[lengths.count - 1] : 0, count: base + extra))
    }
    guard let literals = Huffman(Array(lengths[..<(literalCount + 257)])),
      let distances = Huffman(Array(lengths[(literalCount + 257)...]))
    else { return false }
    return compressed(literals, distances)
  }
}

/// A canonical Huffman code, and the fixed tables of the format.
private struct Huffman {
  static let maximumLength = 15
  /// How many codes there are of each length.
  private(set) var counts = [Int](repeating: 0, count: maximumLength + 1)
  /// The symbols in the order of their codes.
  private(set) var symbols: [Int] = []

  /// The code whose symbols have these lengths, 0 for those that do not occur; nil if there are too many short ones.
  init?(_ lengths: [Int]) {
    for length in lengths where length > 0 { counts[length] += 1 }
    var free = 1
    for length in 1...Huffman.maximumLength {
      free = free * 2 - counts[length]
      if free < 0 { return nil }
      for (symbol, own) in lengths.enumerated() where own == length { symbols.append(symbol) }
    }
  }

  private init(unchecked lengths: [Int]) {
    self = Huffman(lengths) ?? Huffman()
  }

  private init() {}

  static let fixedLiterals = Huffman(
    unchecked: (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })
  static let fixedDistances = Huffman(unchecked: Array(repeating: 5, count: 30))

  /// Base and number of extra bits of each length code from 257 on.
  static let lengths: [(base: Int, extra: Int)] = {
    var table: [(base: Int, extra: Int)] = []
    var base = 3
    for code in 0..<28 {
      let extra = code < 8 ? 0 : code / 4 - 1
      table.append((base, extra))
      base += 1 << extra
    }
    return table + [(258, 0)]
  }()

  /// Base and number of extra bits of each distance code.
  static let distances: [(base: Int, extra: Int)] = {
    var table: [(base: Int, extra: Int)] = []
    var base = 1
    for code in 0..<30 {
      let extra = code < 4 ? 0 : code / 2 - 1
      table.append((base, extra))
      base += 1 << extra
    }
    return table
  }()
}
