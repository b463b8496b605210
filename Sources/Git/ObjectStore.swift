// A repository's object database as read by us: its packs, its loose objects and those of its alternates. Opens and
// lists; reading one object is StoreReader's work, reading all of them ObjectStore+Walk's. Never writes.

internal import Model

/// An open object database. It stays readable while other programs add, repack and delete.
public final class ObjectStore: Sendable {
  /// Bytes in an id: 20 or 32.
  public let idCount: Int
  /// What the store may use.
  public let limits: ObjectStoreLimits
  /// Packs, indexes and directories that could not be opened: what they hold is missing from this store.
  public let problems: [ObjectFailure]
  /// Packs in the store.
  public var packCount: Int { packs.count }
  /// Objects in all packs, those in several packs counted as often; loose objects are not counted.
  public var packedCount: Int { packs.reduce(0) { $0 + $1.index.count } }

  /// In the order in which they are asked: large before small, cruft after that, those last that are in doubt.
  let packs: [Pack]
  let multiIndexes: [MultiIndexInUse]
  /// The object directories: the repository's own, then its alternates.
  let directories: [String]

  /// A multi-pack index, and the places in `packs` of the packs it names.
  struct MultiIndexInUse: Sendable {
    var index: PackMultiIndex
    var packs: [Int?]
  }

  /// With more packs than this, files are opened for each read: a process may have some thousand files open.
  private static let maximumOpenPacks = 200

  /// No limit may be set higher than this, so that sums of a few sizes can't overflow.
  private static let largestObjectBytes = 1 << 40

  /// Opens the object database in `objects`, a directory such as `.git/objects`.
  ///
  /// - Parameters:
  ///   - alternates: object directories that are read, too, besides those that the directory itself names.
  ///   - idCount: bytes in an id, 20 for SHA-1 and 32 for SHA-256.
  ///   - limits: bounds on what a hostile repository can make us use.
  /// - Throws: only if there is no such directory; whatever else is wrong is in ``problems``.
  public init(
    objects: String, alternates: [String] = [], idCount: Int = 20, limits: ObjectStoreLimits = ObjectStoreLimits()
  ) throws(ObjectFailure) {
    precondition(idCount == 20 || idCount == 32)
    self.idCount = idCount
    var limits = limits
    limits.maximumObjectBytes = min(limits.maximumObjectBytes, ObjectStore.largestObjectBytes)
    self.limits = limits
    var problems: [ObjectFailure] = []
    var found = try ObjectDirectories.list(objects, maximum: limits.maximumDirectories, problems: &problems)
    for extra in alternates.prefix(limits.maximumDirectories) {
      do throws(ObjectFailure) {
        let more = try ObjectDirectories.list(extra, maximum: limits.maximumDirectories, problems: &problems)
        found += more.filter { !found.contains($0) }
      } catch { problems.append(error) }
    }
    directories = found
    var stems: [(stem: String, name: String, isCruft: Bool)] = []
    for directory in directories {
      do throws(ObjectFailure) {
        let names = Set(try StoredDirectory.names(directory + "/pack", maximum: limits.maximumPacks * 8) ?? [])
        for name in names.sorted() where name.hasSuffix(".pack") {
          let stem = String(name.dropLast(5))
          stems.append((directory + "/pack/" + stem, stem, names.contains(stem + ".mtimes")))
        }
      } catch { problems.append(error) }
    }
    if stems.count > limits.maximumPacks {
      problems.append(
        ObjectFailure(id: nil, reason: .unreadable, detail: "\(stems.count) packs are more than the limit"))
      stems.removeSubrange(limits.maximumPacks...)
    }
    var packs: [Pack] = []
    for (stem, name, isCruft) in stems {
      do throws(ObjectFailure) {
        packs.append(
          try Pack(
            stem: stem, name: name, isCruft: isCruft, idCount: idCount, limits: limits,
            staysOpen: stems.count <= ObjectStore.maximumOpenPacks))
      } catch { problems.append(error) }
    }
    problems += packs.compactMap(\.doubt)
    packs.sort {
      ($0.doubt == nil ? 0 : 1, $0.isCruft ? 1 : 0, -$0.index.count, $0.file.path)
        < ($1.doubt == nil ? 0 : 1, $1.isCruft ? 1 : 0, -$1.index.count, $1.file.path)
    }
    self.packs = packs
    multiIndexes = ObjectStore.multiIndexes(directories, packs, idCount, limits, &problems)
    self.problems = problems
  }

  private static func multiIndexes(
    _ directories: [String], _ packs: [Pack], _ idCount: Int, _ limits: ObjectStoreLimits,
    _ problems: inout [ObjectFailure]
  ) -> [MultiIndexInUse] {
    var found: [MultiIndexInUse] = []
    let places = Dictionary(packs.enumerated().map { ($1.file.path, $0) }, uniquingKeysWith: { first, _ in first })
    for directory in directories {
      do throws(ObjectFailure) {
        let index = try PackMultiIndex(
          StoredFile(directory + "/pack/multi-pack-index"), idCount: idCount, maximumPacks: limits.maximumPacks)
        let own = index.packNames.map { places[directory + "/pack/" + $0.dropLast(4) + ".pack"] }
        found.append(MultiIndexInUse(index: index, packs: own))
      } catch { if error.reason != .missing { problems.append(error) } }
    }
    return found
  }

  /// What the store consists of, in bytes to be hashed: two stores of the same bytes hold the same objects, unless files
  /// were damaged in between without changing their names and sizes.
  public func identity() -> [UInt8] {
    var lines: [String] = directories
    for pack in packs {
      lines.append("\(pack.file.path) \(pack.file.size) \(pack.index.packChecksum) \(pack.isCruft)")
    }
    lines += problems.map(\.description)
    var bytes = Array(lines.joined(separator: "\n").utf8)
    for directory in directories {
      for byte in UInt8.min...UInt8.max {
        do throws(ObjectFailure) {
          for id in try LooseObjects.names(directory, firstByte: byte, idCount: idCount) { bytes += id.bytes }
        } catch { bytes += Array(error.description.utf8) }
      }
    }
    return bytes
  }

  /// A reader of single objects, for one thread.
  public func makeReader() -> StoreReader { StoreReader(self) }
}

/// Finding the object directories of a repository.
enum ObjectDirectories {
  /// Git's own limit on alternates of alternates.
  private static let maximumDepth = 5
  private static let maximumFileBytes = 1 << 20

  /// The directory and its alternates, each once.
  static func list(
    _ objects: String, maximum: Int, problems: inout [ObjectFailure]
  ) throws(ObjectFailure) -> [String] {
    guard let root = StoredDirectory.realPath(objects) else {
      throw ObjectFailure(id: nil, reason: .missing, detail: "no object directory at \(objects)")
    }
    var found = [(path: root, depth: 0)]
    var next = 0
    while next < found.count {
      let (directory, depth) = found[next]
      next += 1
      for line in lines(directory + "/info/alternates", &problems) {
        let joined = line.hasPrefix("/") ? line : directory + "/" + line
        guard let path = StoredDirectory.realPath(joined) else {
          problems.append(
            ObjectFailure(id: nil, reason: .unreadable, detail: "no alternate object directory \(joined)"))
          continue
        }
        if found.contains(where: { $0.path == path }) { continue }
        guard depth < maximumDepth, found.count < maximum else {
          problems.append(
            ObjectFailure(id: nil, reason: .unreadable, detail: "too many alternates to follow \(joined)"))
          return found.map(\.path)
        }
        found.append((path, depth + 1))
      }
    }
    return found.map(\.path)
  }

  /// The paths in an alternates file; `#` begins a comment, a leading quote a name with C escapes.
  private static func lines(_ path: String, _ problems: inout [ObjectFailure]) -> [String] {
    do throws(ObjectFailure) {
      let file = try StoredFile(path)
      guard file.size <= maximumFileBytes else { throw file.corrupt("it is too long") }
      return try file.bytes(at: 0, count: file.size).split(separator: 0x0a).filter { $0.first != 0x23 }.map { line in
        String(decoding: line.first == 0x22 ? unquote(line) : Array(line), as: UTF8.self)
      }
    } catch {
      if error.reason != .missing { problems.append(error) }
      return []
    }
  }

  private static let escapes: [UInt8: UInt8] = [
    0x61: 7, 0x62: 8, 0x74: 9, 0x6e: 10, 0x76: 11, 0x66: 12, 0x72: 13, 0x22: 0x22, 0x5c: 0x5c,
  ]

  /// The text between double quotes, with git's escapes undone.
  private static func unquote(_ line: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var rest = line.dropFirst()
    while let byte = rest.popFirst(), byte != 0x22 {
      guard byte == 0x5c, let escaped = rest.first else {
        result.append(byte)
        continue
      }
      if 0x30...0x37 ~= escaped {
        let digits = rest.prefix(3).prefix { 0x30...0x37 ~= $0 }
        result.append(UInt8(truncatingIfNeeded: digits.reduce(0) { $0 * 8 + Int($1 - 0x30) }))
        rest = rest.dropFirst(digits.count)
      } else {
        result.append(escapes[escaped] ?? escaped)
        rest = rest.dropFirst()
      }
    }
    return result
  }
}
