// Refs as git stores them in files: one file each, and `packed-refs` for those that no file of their own overrides. What is
// there and can't be read is told: whatever only such a ref reaches would pass for lost.

internal import Glibc
internal import Model

/// The refs of a repository, and what stood in the way of reading more of them.
public struct RefListing: Sendable {
  /// Sorted by name. Symbolic ones are followed; those that lead nowhere are left out.
  public internal(set) var references: [Reference] = []
  /// Files that should hold a ref and hold none, and files and directories that could not be read; a limited number.
  public internal(set) var problems: [ObjectFailure] = []
}

/// Reads the refs of a repository.
struct RefReader {
  private let repository: Repository
  /// How often one symbolic ref may name another; git's own limit.
  private static let maximumSymbolicDepth = 5
  private static let maximumDirectoryDepth = 256
  private static let maximumReferences = 1 << 24
  private static let maximumProblems = 1_000

  private enum Value {
    case object(ObjectID)
    case symbolic([UInt8])
  }

  private var loose: [[UInt8]: Value] = [:]
  private var listing = RefListing()

  init(_ repository: Repository) { self.repository = repository }

  /// All of them.
  mutating func all() -> RefListing {
    // Loose ones first, as git does: who packs refs writes the packed ones before it takes the loose ones away.
    for (directory, prefix) in directories { readLoose(directory, prefix) }
    readPacked()
    sort()
    // All symbolic ones together: while the list is sorted, what they lead to is found in it.
    var followed: [Reference] = []
    for (name, value) in loose {
      if let target = resolve(value) { followed.append(RefReader.reference(name[...], target)) }
    }
    listing.references += followed
    sort()
    return listing
  }

  /// The directories that hold a `refs`, and what git puts before the names of another worktree's own.
  private var directories: [(path: [UInt8], prefix: [UInt8])] {
    let common = Array(repository.commonDirectory.utf8)
    var all = [(path: common, prefix: [UInt8]())]
    // Bisection and the like have refs of each worktree's own, which count like the others.
    for name in (try? SmallFile.byteNames(common + Array("worktrees".utf8))) ?? [] {
      let prefix = Array("worktrees/".utf8) + name + [0x2f]
      let path = common + prefix
      all.append((path, path == Array(repository.gitDirectory.utf8) ? [] : prefix))
    }
    let own = Array(repository.gitDirectory.utf8)
    if !all.contains(where: { $0.path == own }) { all.append((own, [])) }
    return all
  }

  private static func reference(_ name: ArraySlice<UInt8>, _ target: ObjectID) -> Reference {
    Reference(name: String(decoding: name, as: UTF8.self), target: target)
  }

  private mutating func sort() {
    let isSorted = zip(listing.references, listing.references.dropFirst()).allSatisfy { $0.name < $1.name }
    if !isSorted { listing.references.sort { $0.name < $1.name } }
  }

  private mutating func note(_ failure: ObjectFailure) {
    if listing.problems.count < RefReader.maximumProblems { listing.problems.append(failure) }
  }

  private func resolve(_ first: Value) -> ObjectID? {
    var value = first
    for _ in 0...RefReader.maximumSymbolicDepth {
      switch value {
      case .object(let id): return id
      case .symbolic(let name):
        guard let next = loose[name] else { return packed(String(decoding: name, as: UTF8.self)) }
        value = next
      }
    }
    return nil
  }

  /// The target of a packed ref, of which there are no others in the list yet.
  private func packed(_ name: String) -> ObjectID? {
    var (low, high) = (0, listing.references.count)
    while low < high {
      let middle = (low + high) / 2
      if listing.references[middle].name < name { low = middle + 1 } else { high = middle }
    }
    return low < listing.references.count && listing.references[low].name == name
      ? listing.references[low].target : nil
  }

  private mutating func readPacked() {
    let digits = repository.objectIDCount * 2
    let path = repository.commonDirectory + "packed-refs"
    var (senseless, surplus) = (0, 0)
    do throws(ObjectFailure) {
      try SmallFile.forEachLine(Array(path.utf8)) { line in
        // `#` begins the heading, `^` what the tag above leads to.
        if line.first == 0x23 || line.first == 0x5e { return }
        guard line.count > digits + 1, line[line.startIndex + digits] == 0x20,
          let id = ObjectID(hex: line.prefix(digits))
        else { return senseless += 1 }
        let name = line.dropFirst(digits + 1)
        if !loose.isEmpty, loose[Array(name)] != nil { return }
        guard listing.references.count < RefReader.maximumReferences else { return surplus += 1 }
        listing.references.append(RefReader.reference(name, id))
      }
    } catch { if error.reason != .missing { note(error) } }
    if let file = try? StoredFile(path), file.size > 0, (try? file.bytes(at: file.size - 1, count: 1)) != [0x0a] {
      note(file.corrupt("it ends in the middle of a line"))
    }
    if senseless > 0 {
      note(ObjectFailure(id: nil, reason: .corrupt, detail: "\(path): \(senseless) lines hold no ref"))
    }
    if surplus > 0 {
      note(ObjectFailure(id: nil, reason: .unreadable, detail: "\(path): \(surplus) refs are more than the limit"))
    }
  }

  private mutating func readLoose(_ base: [UInt8], _ prefix: [UInt8]) {
    var directories = [(name: Array("refs".utf8), depth: 0)]
    while let (directory, depth) = directories.popLast() {
      let parts: [[UInt8]]
      do throws(ObjectFailure) { parts = try SmallFile.byteNames(base + directory) } catch {
        note(error)
        continue
      }
      for part in parts {
        let name = directory + [0x2f] + part
        if SmallFile.kind(base + name) == S_IFDIR {
          if depth < RefReader.maximumDirectoryDepth {
            directories.append((name, depth + 1))
          } else {
            let path = String(decoding: base + directory, as: UTF8.self)
            note(ObjectFailure(id: nil, reason: .unreadable, detail: "\(path) is nested too deeply"))
          }
        } else if !part.suffix(5).elementsEqual(".lock".utf8), loose.count < RefReader.maximumReferences {
          do throws(ObjectFailure) { loose[prefix + name] = try read(base + name) } catch {
            // A hidden file is no ref to git; file managers and the like leave such.
            if part.first != 0x2e { note(error) }
          }
        }
      }
    }
  }

  /// What a loose ref holds; nil where it has gone meanwhile.
  private func read(_ path: [UInt8]) throws(ObjectFailure) -> Value? {
    // Git once wrote symbolic refs as links.
    if let target = SmallFile.link(path), target.starts(with: "refs/".utf8) { return .symbolic(target) }
    var first: ArraySlice<UInt8>?
    do throws(ObjectFailure) {
      try SmallFile.forEachLine(path, maximumBytes: 4_096) { line in if first == nil { first = Array(line)[...] } }
    } catch {
      if error.reason == .missing { return nil }
      throw error
    }
    if let line = first, line.starts(with: "ref:".utf8) {
      return .symbolic(Array(line.dropFirst(4).drop { $0 == 0x20 || $0 == 0x09 }))
    }
    guard let id = first.flatMap({ ObjectID(hex: $0.prefix { $0 != 0x20 && $0 != 0x09 && $0 != 0x0d }) }),
      id.count == repository.objectIDCount
    else {
      let name = String(decoding: path, as: UTF8.self)
      throw ObjectFailure(id: nil, reason: .corrupt, detail: "\(name) holds no object id")
    }
    return .object(id)
  }
}
