// Trees, commits and tags out of their bytes. Nothing is trusted: what is malformed ends the reading, and is said.

public import Model

/// One entry of a tree.
public struct TreeEntry: Sendable {
  /// What the entry's mode says it is.
  public enum Kind: Sendable {
    /// A directory.
    case tree
    /// A file, or a symbolic link, whose target is its content.
    case blob
    /// A submodule's commit, which lies in another repository.
    case submodule
  }
  /// What it is.
  public var kind: Kind
  /// Where its name lies in the tree's bytes.
  public var name: Range<Int>
  /// The object it names.
  public var id: ObjectID
  /// Whether the mode says that it is a symbolic link.
  public var isLink = false
}

/// Reads the entries of a tree one after the other.
public struct TreeReader: ~Escapable {
  private let bytes: Span<UInt8>
  private let idCount: Int
  private var at = 0
  /// Where the next entry begins. Whoever sets it knows that one does.
  public var offset: Int {
    get { at }
    set { at = max(0, newValue) }
  }
  /// Whether the rest could not be read.
  public private(set) var isMalformed = false

  /// A reader of a tree's bytes.
  @_lifetime(copy bytes)
  public init(_ bytes: Span<UInt8>, idCount: Int) {
    self.bytes = bytes
    self.idCount = idCount
  }

  /// The next entry; nil at the end, and where the tree is malformed.
  public mutating func next() -> TreeEntry? {
    guard at < bytes.count, !isMalformed else { return nil }
    var mode = 0
    var offset = at
    while offset < bytes.count, (0x30...0x37).contains(bytes[offset]), offset - at < 7 {
      mode = mode << 3 | Int(bytes[offset] - 0x30)
      offset += 1
    }
    guard offset > at, offset < bytes.count, bytes[offset] == 0x20 else { return malformed() }
    let nameStart = offset + 1
    offset = nameStart
    while offset < bytes.count, bytes[offset] != 0 { offset += 1 }
    guard offset > nameStart, offset + 1 + idCount <= bytes.count else { return malformed() }
    at = offset + 1 + idCount
    let kind: TreeEntry.Kind = mode & 0o170000 == 0o040000 ? .tree : mode & 0o170000 == 0o160000 ? .submodule : .blob
    return TreeEntry(
      kind: kind, name: nameStart..<offset, id: ObjectID.load(bytes, at: offset + 1, count: idCount),
      isLink: mode & 0o170000 == 0o120000)
  }

  private mutating func malformed() -> TreeEntry? {
    isMalformed = true
    return nil
  }
}

/// The header of a commit, and what people see of it.
public struct CommitHeader: Sendable {
  /// The root tree.
  public var tree: ObjectID
  /// In order.
  public var parents: [ObjectID]

  /// Reads a commit; nil where it has no tree.
  public init?(_ bytes: Span<UInt8>) {
    var lines = HeaderLines(bytes)
    guard let first = lines.next(), let tree = lines.id(first, after: "tree ") else { return nil }
    self.tree = tree
    parents = []
    while let line = lines.next(), let parent = lines.id(line, after: "parent ") { parents.append(parent) }
  }
}

extension CommitInfo {
  /// What a commit's bytes say of its author, date and subject. Malformed parts are left empty.
  public init(_ bytes: Span<UInt8>, id: ObjectID, isBoundary: Bool = false) {
    var lines = HeaderLines(bytes)
    var info = CommitInfo(id: id, author: "", email: "", time: 0, zone: 0, subject: "", isBoundary: isBoundary)
    while let line = lines.next(), !line.isEmpty {
      if lines.starts(line, with: "author ") { info.setAuthor(bytes, line.lowerBound + 7..<line.upperBound) }
    }
    while let line = lines.next() {
      if line.isEmpty { continue }
      info.subject = CommitInfo.text(bytes, line.lowerBound..<min(line.upperBound, line.lowerBound + 500))
      break
    }
    self = info
  }

  private mutating func setAuthor(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    // `Name <address> seconds zone`, where the name may hold anything but a line feed.
    guard let close = range.last(where: { bytes[$0] == 0x3e }),
      let open = (range.lowerBound..<close).last(where: { bytes[$0] == 0x3c })
    else {
      author = CommitInfo.text(bytes, range)
      return
    }
    author = CommitInfo.text(bytes, range.lowerBound..<max(range.lowerBound, open - (open > range.lowerBound ? 1 : 0)))
    email = CommitInfo.text(bytes, open + 1..<close)
    let rest = CommitInfo.text(bytes, close + 1..<range.upperBound).split(separator: " ")
    if let first = rest.first, let seconds = Int64(first) { time = seconds }
    if rest.count > 1, let number = Int(rest[1]), abs(number) < 10_000 {
      zone = (number < 0 ? -1 : 1) * (abs(number) / 100 * 60 + abs(number) % 100)
    }
  }

  private static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
    String(decoding: range.map { bytes[$0] }, as: UTF8.self)
  }
}

/// What an annotated tag names.
public enum TagHeader {
  /// The object that the tag names; nil where the tag is malformed.
  public static func target(_ bytes: Span<UInt8>) -> ObjectID? {
    var lines = HeaderLines(bytes)
    guard let first = lines.next() else { return nil }
    return lines.id(first, after: "object ")
  }
}

/// The lines of a commit or a tag.
private struct HeaderLines: ~Escapable {
  private let bytes: Span<UInt8>
  private var at = 0

  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>) { self.bytes = bytes }

  mutating func next() -> Range<Int>? {
    guard at < bytes.count else { return nil }
    let start = at
    while at < bytes.count, bytes[at] != 0x0a { at += 1 }
    let line = start..<at
    at += 1
    return line
  }

  func starts(_ line: Range<Int>, with prefix: StaticString) -> Bool {
    guard line.count >= prefix.utf8CodeUnitCount else { return false }
    for index in 0..<prefix.utf8CodeUnitCount where unsafe prefix.utf8Start[index] != bytes[line.lowerBound + index] {
      return false
    }
    return true
  }

  func id(_ line: Range<Int>, after prefix: StaticString) -> ObjectID? {
    guard starts(line, with: prefix) else { return nil }
    return HeaderLines.id(bytes.extracting(line.lowerBound + prefix.utf8CodeUnitCount..<line.upperBound))
  }

  /// The id that exactly these hex digits write.
  private static func id(_ digits: Span<UInt8>) -> ObjectID? {
    guard digits.count == 40 || digits.count == 64 else { return nil }
    func word(_ start: Int) -> UInt64? {
      var value: UInt64 = 0
      for index in start..<start + 16 {
        // Forty digits are two words and a half.
        guard index < digits.count else { return value << 32 }
        let digit = digits[index]
        switch digit {
        case 0x30...0x39: value = value << 4 | UInt64(digit - 0x30)
        case 0x61...0x66: value = value << 4 | UInt64(digit - 0x57)
        case 0x41...0x46: value = value << 4 | UInt64(digit - 0x37)
        default: return nil
        }
      }
      return value
    }
    guard let a = word(0), let b = word(16), let c = word(32) else { return nil }
    guard let d = digits.count == 64 ? word(48) : 0 else { return nil }
    return ObjectID(words: (a, b, c, d), count: digits.count / 2)
  }
}
