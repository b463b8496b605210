// The index's entries and extensions out of their bytes (git's Documentation/gitformat-index). Every offset is checked
// before it is used: the file may be anybody's.

internal import Model

struct IndexReader: ~Escapable {
  /// What a split index says of its shared part.
  struct Link {
    var base: ObjectID
    var deleted: Bitmap
    var replaced: Bitmap
  }

  private let bytes: Span<UInt8>
  private let end: Int
  private let idCount: Int
  private let version: UInt32
  private var at = 12
  private var previous: [UInt8] = []

  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>, end: Int, idCount: Int, version: UInt32) {
    self.bytes = bytes
    self.end = end
    self.idCount = idCount
    self.version = version
  }

  private func malformed(_ what: String) -> IndexError { IndexError(reason: "\(what) at byte \(at)") }

  /// The next entry: forty bytes of file status, the id, flags, and the path in one of two forms.
  mutating func entry() throws(IndexError) -> IndexEntry {
    let start = at
    guard end - at > 40 + idCount + 2 else { throw malformed("an entry is cut off") }
    let mode = bytes.bigEndian32(at: at + 24)
    let id = ObjectID(bytes, at: at + 40, count: idCount)
    at += 40 + idCount
    let flags = UInt16(bytes[at]) << 8 | UInt16(bytes[at + 1])
    at += 2
    var isIntentToAdd = false
    if flags & 0x4000 != 0 {
      guard version >= 3, end - at > 2 else { throw malformed("an entry's flags make no sense") }
      isIntentToAdd = bytes[at] & 0x20 != 0
      at += 2
    }
    let path = try version == 4 ? compressedPath() : plainPath(start)
    return IndexEntry(path: path, id: id, mode: mode, stage: UInt8(flags >> 12 & 3), isIntentToAdd: isIntentToAdd)
  }

  /// A path that ends with a zero byte, padded so that the entry's length is a multiple of eight.
  private mutating func plainPath(_ start: Int) throws(IndexError) -> [UInt8] {
    let path = try untilZero()
    at = start + (at - start + 7) & ~7
    guard at <= end else { throw malformed("an entry is cut off") }
    return path
  }

  /// How many bytes of the path before are dropped, and what comes in their place.
  private mutating func compressedPath() throws(IndexError) -> [UInt8] {
    var dropped = 0
    while true {
      guard at < end, dropped < 1 << 40 else { throw malformed("a path's prefix makes no sense") }
      let byte = bytes[at]
      at += 1
      dropped = dropped << 7 | Int(byte & 0x7f)
      if byte & 0x80 == 0 { break }
      dropped += 1
    }
    guard dropped <= previous.count else { throw malformed("a path's prefix makes no sense") }
    let suffix = try untilZero()
    previous.removeLast(dropped)
    previous.append(contentsOf: suffix)
    guard previous.count <= IndexFile.maximumPathBytes else { throw malformed("a path is too long") }
    return previous
  }

  /// The bytes before the next zero, which is passed over.
  private mutating func untilZero() throws(IndexError) -> [UInt8] {
    let start = at
    while at < end, bytes[at] != 0 { at += 1 }
    guard at < end, at - start <= IndexFile.maximumPathBytes else { throw malformed("a path does not end") }
    let path = bytes.extracting(start..<at)
    at += 1
    return unsafe [UInt8](unsafeUninitializedCapacity: path.count) { buffer, count in
      for index in 0..<path.count { unsafe buffer[index] = path[index] }
      count = path.count
    }
  }

  /// The next extension's name and content; nil at the end.
  mutating func nextExtension() throws(IndexError) -> (UInt32, Range<Int>)? {
    guard at < end else { return nil }
    guard end - at >= 8 else { throw malformed("an extension is cut off") }
    let name = bytes.bigEndian32(at: at)
    let count = Int(bytes.bigEndian32(at: at + 4))
    guard count <= end - at - 8 else { throw malformed("an extension is cut off") }
    let range = at + 8..<at + 8 + count
    at = range.upperBound
    return (name, range)
  }

  /// The `TREE` extension: directories in pre-order, each with its name, the number of entries below, the number of
  /// directories in it, and its tree's id where that still holds.
  func cachedTree(_ range: Range<Int>) throws(IndexError) -> CachedTree? {
    if range.isEmpty { return nil }
    var at = range.lowerBound
    return try cachedTree(&at, range.upperBound, depth: 0)
  }

  private func cachedTree(_ at: inout Int, _ end: Int, depth: Int) throws(IndexError) -> CachedTree {
    guard depth < 512 else { throw malformed("the cached trees are nested too deep") }
    func text(until stop: UInt8) throws(IndexError) -> [UInt8] {
      var text: [UInt8] = []
      while at < end, bytes[at] != stop, text.count <= 4_096 {
        text.append(bytes[at])
        at += 1
      }
      guard at < end, bytes[at] == stop else { throw malformed("a cached tree makes no sense") }
      at += 1
      return text
    }
    let name = try text(until: 0)
    guard let count = Int(String(decoding: try text(until: 0x20), as: UTF8.self)),
      let subtrees = Int(String(decoding: try text(until: 0x0a), as: UTF8.self)), subtrees >= 0, subtrees <= end - at
    else { throw malformed("a cached tree makes no sense") }
    var tree = CachedTree(name: name, entryCount: nil, id: nil, children: [])
    if count >= 0 {
      guard end - at >= idCount else { throw malformed("a cached tree is cut off") }
      tree.entryCount = count
      tree.id = ObjectID(bytes, at: at, count: idCount)
      at += idCount
    }
    for _ in 0..<subtrees { tree.children.append(try cachedTree(&at, end, depth: depth + 1)) }
    return tree
  }

  /// The `link` extension: the shared index's id, and which of its entries are deleted and replaced.
  func link(_ range: Range<Int>) throws(IndexError) -> Link {
    guard range.count >= idCount else { throw malformed("the link to the shared index is cut off") }
    let base = ObjectID(bytes, at: range.lowerBound, count: idCount)
    var at = range.lowerBound + idCount
    // Without bitmaps nothing is deleted or replaced.
    guard at < range.upperBound else { return Link(base: base, deleted: Bitmap(), replaced: Bitmap()) }
    guard let deleted = Bitmap(bytes, &at, range.upperBound), let replaced = Bitmap(bytes, &at, range.upperBound) else {
      throw malformed("the shared index's bitmaps make no sense")
    }
    return Link(base: base, deleted: deleted, replaced: replaced)
  }
}

/// A compressed bitmap (EWAH with 64-bit words, as git writes it): runs of equal words, and literal words.
struct Bitmap {
  private var ranges: [Range<Int>] = []
  private var literals: [Int: UInt64] = [:]

  init() {}

  /// Reads one from `at` on, which is moved behind it; nil where it makes no sense.
  init?(_ bytes: Span<UInt8>, _ at: inout Int, _ end: Int) {
    guard end - at >= 12 else { return nil }
    let count = Int(bytes.bigEndian32(at: at + 4))
    guard count <= (end - at - 12) / 8 else { return nil }
    let start = at + 8
    at = start + count * 8 + 4
    var word = 0
    var position = 0
    while word < count {
      let marker = bytes.bigEndian64(at: start + word * 8)
      word += 1
      let run = Int(marker >> 1 & 0xffff_ffff)
      let literalCount = Int(marker >> 33)
      guard run <= 1 << 26, literalCount <= count - word else { return nil }
      if marker & 1 == 1, run > 0 { ranges.append(position..<position + run) }
      position += run
      for _ in 0..<literalCount {
        literals[position] = bytes.bigEndian64(at: start + word * 8)
        position += 1
        word += 1
      }
      guard position <= 1 << 32 else { return nil }
    }
  }

  /// Whether the bit is set.
  func contains(_ bit: Int) -> Bool {
    let word = bit >> 6
    if let literal = literals[word] { return literal >> UInt64(bit & 63) & 1 == 1 }
    return ranges.contains { $0.contains(word) }
  }
}
