// Refs as git stores them in files: one file each, and `packed-refs` for those that no file of their own overrides.

internal import Glibc
internal import Model

/// Reads the refs of a repository.
struct RefReader {
  private let repository: Repository
  /// How often one symbolic ref may name another; git's own limit.
  private static let maximumSymbolicDepth = 5
  private static let maximumDirectoryDepth = 256

  init(_ repository: Repository) { self.repository = repository }

  private enum Value {
    case object(ObjectID)
    case symbolic(String)
  }

  /// All of them, sorted by name.
  func all() throws(GitError) -> [Reference] {
    var values: [String: Value] = [:]
    readPacked(into: &values)
    // Bisection and the like have refs of each worktree's own, which count like the others.
    for directory in Set([repository.commonDirectory, repository.gitDirectory]) {
      try readLoose(directory, into: &values)
    }
    var found: [Reference] = []
    for (name, value) in values {
      guard let target = resolve(value, values) else { continue }
      found.append(Reference(name: name, target: target))
    }
    return found.sorted { $0.name < $1.name }
  }

  private func resolve(_ value: Value, _ values: [String: Value]) -> ObjectID? {
    var value: Value? = value
    for _ in 0...RefReader.maximumSymbolicDepth {
      switch value {
      case .object(let id): return id
      case .symbolic(let name): value = values[name]
      case nil: return nil
      }
    }
    return nil
  }

  private func readPacked(into values: inout [String: Value]) {
    let digits = repository.objectIDCount * 2
    for line in SmallFile.lines(repository.commonDirectory + "packed-refs") {
      // `#` begins the heading, `^` what the tag above leads to.
      guard line.count > digits + 1, line[line.startIndex + digits] == 0x20, let id = ObjectID(hex: line.prefix(digits))
      else { continue }
      values[String(decoding: line.dropFirst(digits + 1), as: UTF8.self)] = .object(id)
    }
  }

  private func readLoose(_ base: String, into values: inout [String: Value]) throws(GitError) {
    var directories = [(name: "refs", depth: 0)]
    while let (directory, depth) = directories.popLast() {
      for part in SmallFile.names(base + directory) {
        let name = directory + "/" + part
        if SmallFile.isDirectory(base + name) {
          guard depth < RefReader.maximumDirectoryDepth else {
            throw GitError(reason: "\(base)refs is nested too deeply")
          }
          directories.append((name, depth + 1))
        } else if let value = read(base + name), !part.hasSuffix(".lock") {
          values[name] = value
        }
      }
    }
  }

  private func read(_ path: String) -> Value? {
    guard let line = SmallFile.lines(path, maximumBytes: 4_096).first else { return nil }
    let prefix = Array("ref:".utf8)
    if line.starts(with: prefix) {
      let name = line.dropFirst(prefix.count).drop { $0 == 0x20 || $0 == 0x09 }
      return .symbolic(String(decoding: name, as: UTF8.self))
    }
    guard let id = ObjectID(hex: line.prefix { $0 != 0x20 && $0 != 0x09 }), id.count == repository.objectIDCount else {
      return nil
    }
    return .object(id)
  }
}

/// The small text files in a repository's own directory. What can't be read counts as empty: none of them must be there.
enum SmallFile {
  /// A reflog may be long; a gigabyte of it is not read.
  static let maximumBytes = 1 << 30

  static func lines(_ path: String, maximumBytes: Int = maximumBytes) -> [ArraySlice<UInt8>] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= maximumBytes
    else {
      return []
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count <= maximumBytes {
      let count = unsafe chunk.withUnsafeMutableBufferPointer { unsafe read(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { break }
      bytes.append(contentsOf: chunk[0..<count])
    }
    return bytes.split(separator: 0x0a)
  }

  static func names(_ directory: String) -> [String] {
    guard let stream = unsafe opendir(directory) else { return [] }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Whether a directory, and no link to one, is there.
  static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}
