// The small questions that only a blob with findings raises: whether it may be a link's target, whether an index holds it,
// where in a few bytes a value stands.

internal import Git
internal import Model

/// Finding one value in few bytes.
enum Needle {
  /// The first place of a value in a range of bytes.
  static func find(_ value: Span<UInt8>, in bytes: Span<UInt8>, _ range: Range<Int>) -> Range<Int>? {
    guard value.count > 0, range.lowerBound >= 0, range.upperBound <= bytes.count else { return nil }
    var start = range.lowerBound
    while start + value.count <= range.upperBound {
      if value.indices.allSatisfy({ value[$0] == bytes[start + $0] }) { return start..<start + value.count }
      start += 1
    }
    return nil
  }
}

/// The targets of symbolic links.
enum LinkTarget {
  /// The longest path that the system takes.
  private static let maximumBytes = 4_096

  /// Whether the content could be one: it is worth asking a tree only then.
  static func isPossible(_ bytes: Span<UInt8>) -> Bool {
    bytes.count > 0 && bytes.count <= maximumBytes && bytes[bytes.count - 1] != 0x0a
      && !bytes.indices.contains { bytes[$0] == 0 }
  }
}

/// The blobs that the indexes of a repository's work trees hold; read when first asked for.
final class StagedBlobs {
  private let repository: Repository
  private lazy var paths = read()

  init(_ repository: Repository) { self.repository = repository }

  /// The first path at which an index holds the blob.
  func path(of blob: ObjectID) -> BytePath? { paths[blob] }

  private func read() -> [ObjectID: BytePath] {
    var found: [ObjectID: BytePath] = [:]
    // An index that can't be read names nothing: what it held is told as dangling.
    for index in repository.indexes() {
      guard let entries = try? index.get().entries else { continue }
      for entry in entries where entry.hasContent && found[entry.id] == nil { found[entry.id] = BytePath(entry.path) }
    }
    return found
  }
}
