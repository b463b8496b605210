// The index (what `git add` has put there) as read by us: versions 2 to 4, split and sparse, SHA-1 and SHA-256. libgit2
// refuses some of these, and takes milliseconds to open. Read-only; nothing in the file is trusted.

public import Model

/// Why an index can't be used.
public struct IndexError: Error, Sendable, CustomStringConvertible {
  /// One sentence.
  public var reason: String
  /// The reason.
  public var description: String { reason }
}

/// One entry of an index.
public struct IndexEntry: Sendable {
  /// The path; of a sparse directory with its final slash.
  public var path: [UInt8]
  /// The blob, the submodule's commit, or a sparse directory's tree.
  public var id: ObjectID
  /// File type and permission bits as in a tree.
  public var mode: UInt32
  /// 0 when merged; 1 to 3 while a conflict lasts.
  public var stage: UInt8
  /// `git add --intent-to-add`: the path is known, its content is not.
  public var isIntentToAdd: Bool

  /// A directory that a sparse checkout left out as a whole.
  public var isSparseDirectory: Bool { mode & 0o170000 == 0o040000 }
  /// A regular file or a symbolic link: something with content here.
  public var hasContent: Bool { mode & 0o170000 == 0o100000 || mode & 0o170000 == 0o120000 }
}

/// What the index knows of a directory's tree, from its `TREE` extension.
struct CachedTree: Sendable {
  var name: [UInt8]
  /// Entries below it; nil when something there has changed since the tree was written.
  var entryCount: Int?
  var id: ObjectID?
  var children: [CachedTree]
}

/// A parsed index.
public struct IndexFile: Sendable {
  /// An index larger than this is refused.
  static let maximumBytes = 1 << 31
  /// The longest path that is believed.
  static let maximumPathBytes = 1 << 16

  /// Sorted by path, then stage.
  public internal(set) var entries: [IndexEntry] = []
  /// What is known of whole directories; nil where the index does not say.
  var cachedTree: CachedTree?

  /// An index of no entries: that of a new repository.
  public init() {}

  /// The index at `path`; an empty one if there is no such file.
  ///
  /// - Parameters:
  ///   - path: such as `.git/index`.
  ///   - sharedDirectory: where a split index's shared part lies: the repository's own directory.
  ///   - idCount: bytes in an id.
  public init(path: String, sharedDirectory: String, idCount: Int) throws(IndexError) {
    guard let bytes = try IndexFile.read(path) else {
      self = IndexFile()
      return
    }
    self = try IndexFile(bytes.span, idCount: idCount) { (shared) throws(IndexError) in
      guard let bytes = try IndexFile.read("\(sharedDirectory)/sharedindex.\(shared)") else {
        throw IndexError(reason: "the shared index \(shared) is missing")
      }
      return try IndexFile(bytes.span, idCount: idCount) { (_) throws(IndexError) in
        throw IndexError(reason: "a shared index names another one")
      }
    }
  }

  /// The index in `bytes`; `shared` is asked for the shared part of a split one, by the hex of its id.
  init(
    _ bytes: Span<UInt8>, idCount: Int, shared: (String) throws(IndexError) -> IndexFile
  ) throws(IndexError) {
    guard bytes.count >= 12 + idCount, bytes.bigEndian32(at: 0) == 0x4449_5243 else {
      throw IndexError(reason: "it does not begin like an index")
    }
    let version = bytes.bigEndian32(at: 4)
    guard (2...4).contains(version) else { throw IndexError(reason: "its version \(version) is unknown") }
    var reader = IndexReader(bytes, end: bytes.count - idCount, idCount: idCount, version: version)
    let count = Int(bytes.bigEndian32(at: 8))
    // No entry takes less than its id and two more bytes: a count that can't be true asks for no memory.
    guard count <= bytes.count / (idCount + 2) else { throw IndexError(reason: "it claims more entries than fit") }
    entries.reserveCapacity(count)
    for _ in 0..<count { entries.append(try reader.entry()) }
    try readExtensions(&reader, shared: shared)
  }

  private mutating func readExtensions(
    _ reader: inout IndexReader, shared: (String) throws(IndexError) -> IndexFile
  ) throws(IndexError) {
    while let (name, range) = try reader.nextExtension() {
      switch name {
      case 0x5452_4545: cachedTree = try reader.cachedTree(range)  // TREE
      case 0x6c69_6e6b: try join(try reader.link(range), shared: shared)  // link
      case 0x7364_6972: break  // sdir: entries may be directories, which every reader of ours expects
      default:
        // A capital first letter marks what may be passed over.
        guard name >> 24 >= 0x41, name >> 24 <= 0x5a else { throw IndexError(reason: "it has an unknown extension") }
      }
    }
  }

  /// Puts a split index together: the shared entries without the deleted ones, the replaced ones in their place, and
  /// then the new ones.
  private mutating func join(
    _ link: IndexReader.Link, shared: (String) throws(IndexError) -> IndexFile
  ) throws(IndexError) {
    guard !link.base.isZero else { return }
    let base = try shared(link.base.description)
    let replacing = entries.prefix { $0.path.isEmpty }
    var replacements = replacing.makeIterator()
    var joined: [IndexEntry] = []
    joined.reserveCapacity(base.entries.count + entries.count)
    for (position, entry) in base.entries.enumerated() {
      if link.deleted.contains(position) { continue }
      if link.replaced.contains(position) {
        guard var replacement = replacements.next() else { throw IndexError(reason: "a replaced entry is missing") }
        replacement.path = entry.path
        joined.append(replacement)
      } else {
        joined.append(entry)
      }
    }
    joined.append(contentsOf: entries.dropFirst(replacing.count))
    entries = joined.sorted { left, right in
      left.path == right.path ? left.stage < right.stage : left.path.lexicographicallyPrecedes(right.path)
    }
  }

  private static func read(_ path: String) throws(IndexError) -> [UInt8]? {
    do throws(ObjectFailure) {
      let file = try StoredFile(path)
      guard file.size <= maximumBytes else { throw file.corrupt("it is too large") }
      return try file.bytes(at: 0, count: file.size)
    } catch {
      if error.reason == .missing { return nil }
      throw IndexError(reason: error.detail)
    }
  }
}
