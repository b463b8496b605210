// What lies in archives, and in archives within archives. Names are labels and nothing else: nothing is written anywhere.
// How much may come out is bounded whatever the headers say, and what is left out is told.

internal import Git
internal import Model

/// The bounds of one file that is, or holds, archives.
struct ArchiveLimits: Sendable {
  /// Archives within archives that are followed.
  static let depth = 6
  /// The most entries of one file, at all depths.
  static let entries = 20_000
  /// What may come out of a file besides so many times its own size, in bytes.
  static let allowance = 32 << 20
  /// How many times its own size may come out of a file.
  static let growth = 64
  /// The most that may come out of a file, in bytes.
  static let total = 1 << 30
  /// The longest name, in bytes, at all depths together.
  static let nameBytes = 4_096
}

/// Walks the members of one file.
struct ArchiveWalk: ~Copyable {
  /// The largest member that is read, in bytes.
  private let maximumBytes: Int
  /// What may still come out.
  private var budget: Int
  private var entries = 0
  private let unpacker = Unpacker()
  /// What was left out: the member's path within the file, and why.
  private(set) var omissions: [(member: [UInt8], reason: String)] = []
  private var isSpent = false

  init(_ bytes: Span<UInt8>, maximumBytes: Int) {
    self.maximumBytes = maximumBytes
    let grown = bytes.count.multipliedReportingOverflow(by: ArchiveLimits.growth)
    budget = min(ArchiveLimits.total, grown.overflow ? Int.max : grown.partialValue) + ArchiveLimits.allowance
  }

  /// Calls `visit` with the path within the file, joined by `!`, and the bytes of every member that is no archive itself.
  ///
  /// - Returns: whether the bytes are an archive of which anything could be read.
  mutating func walk(
    _ bytes: Span<UInt8>, path: [UInt8] = [], depth: Int = 0, _ visit: ([UInt8], Span<UInt8>) -> Void
  ) -> Bool {
    switch ArchiveFormat(bytes) {
    case .zip: return walkZip(bytes, path, depth, visit)
    case .tar: return walkTar(bytes, path, depth, visit)
    case .gzip: return walkGzip(bytes, path, depth, visit)
    case .zlib:
      guard case .whole(let content, _) = unpacker.unpack(bytes, .zlib, maximum: min(maximumBytes, budget)) else {
        return false
      }
      return takeSole(content.span, ArchiveWalk.unnamed, path, depth, visit)
    case nil: return false
    }
  }

  /// Hands on a member, or what is in it.
  private mutating func take(
    _ bytes: Span<UInt8>, _ name: [UInt8], _ path: [UInt8], _ depth: Int, _ visit: ([UInt8], Span<UInt8>) -> Void
  ) -> Bool {
    let whole = join(path, name)
    budget -= bytes.count
    guard budget >= 0 else {
      spend(whole)
      return true
    }
    guard whole.count <= ArchiveLimits.nameBytes else {
      omit(whole, "its name is longer than \(ArchiveLimits.nameBytes) bytes")
      return true
    }
    if ArchiveFormat(bytes) != nil {
      if depth + 1 >= ArchiveLimits.depth {
        omit(whole, "archives in archives are followed \(ArchiveLimits.depth) deep")
      } else if walk(bytes, path: whole, depth: depth + 1, visit) {
        return true
      }
    }
    visit(whole, bytes)
    return true
  }

  private func join(_ path: [UInt8], _ name: [UInt8]) -> [UInt8] { path.isEmpty ? name : path + [0x21] + name }

  private mutating func omit(_ member: [UInt8], _ reason: String) {
    // A hostile file may make any number of them; the first tell enough.
    if omissions.count < 100 { omissions.append((member, reason)) }
  }

  private mutating func spend(_ member: [UInt8]) {
    if !isSpent { omit(member, "what comes out of the archive is more than is read") }
    isSpent = true
  }

  /// Whether one more entry may be read.
  private mutating func mayEnter(_ path: [UInt8]) -> Bool {
    entries += 1
    if entries == ArchiveLimits.entries + 1 { omit(path, "more than \(ArchiveLimits.entries) entries") }
    return entries <= ArchiveLimits.entries && !isSpent
  }

  // MARK: The formats

  private mutating func walkZip(
    _ bytes: Span<UInt8>, _ path: [UInt8], _ depth: Int, _ visit: ([UInt8], Span<UInt8>) -> Void
  ) -> Bool {
    let (found, isCut) = ZipEntry.all(in: bytes, most: ArchiveLimits.entries)
    if isCut { omit(path, "the zip file's directory is damaged, cut off or too long") }
    var isRead = false
    for entry in found {
      guard mayEnter(path) else { break }
      let name = join(path, entry.name)
      // A folder.
      if entry.name.last == 0x2f, entry.size == 0 { continue }
      guard !entry.isEncrypted else {
        omit(name, "it is encrypted")
        continue
      }
      guard entry.start >= 0, entry.start <= bytes.count, entry.packedSize <= bytes.count - entry.start else {
        omit(name, "its bytes are not all there")
        continue
      }
      let packed = bytes.extracting(entry.start..<entry.start + entry.packedSize)
      switch entry.method {
      case 0:
        isRead = true
        guard packed.count <= maximumBytes else {
          omit(name, "it is larger than \(maximumBytes) bytes")
          continue
        }
        _ = take(packed, entry.name, path, depth, visit)
      case 8: isRead = unpack(packed, .deflate, entry, path, depth, visit) || isRead
      default: omit(name, "its compression (\(entry.method)) is not known")
      }
    }
    return isRead
  }

  private mutating func unpack(
    _ packed: Span<UInt8>, _ form: CompressedForm, _ entry: ZipEntry, _ path: [UInt8], _ depth: Int,
    _ visit: ([UInt8], Span<UInt8>) -> Void
  ) -> Bool {
    let most = min(maximumBytes, budget)
    switch unpacker.unpack(packed, form, expected: entry.size, maximum: most) {
    case .whole(let content, _): return take(content.span, entry.name, path, depth, visit)
    case .tooLarge where most == maximumBytes:
      // It was unpacked up to there, and that counts.
      budget -= most
      omit(join(path, entry.name), "it grows to more than \(most) bytes")
    case .tooLarge: spend(join(path, entry.name))
    case .corrupt:
      // The attempt was work, too: many names for one damaged stream must not make it endless.
      budget -= min(most, packed.count * 8 + 4_096)
      if budget < 0 { spend(path) }
      omit(join(path, entry.name), "it can't be unpacked")
    }
    return false
  }

  private mutating func walkGzip(
    _ bytes: Span<UInt8>, _ path: [UInt8], _ depth: Int, _ visit: ([UInt8], Span<UInt8>) -> Void
  ) -> Bool {
    var content: [UInt8] = []
    var at = 0
    // Members follow each other: their contents are one.
    while at < bytes.count, bytes.count - at > 18, bytes[at] == 0x1f, bytes[at + 1] == 0x8b {
      guard mayEnter(path) else { break }
      let most = min(maximumBytes, budget) - content.count
      switch unpacker.unpack(bytes.extracting(at..<bytes.count), .gzip, maximum: most) {
      case .whole(let part, let used):
        content += part
        at += max(1, used)
      case .tooLarge:
        budget -= max(0, most)
        omit(path, "it grows to more than is read")
        at = bytes.count
      case .corrupt:
        omit(path, "it can't be unpacked")
        at = bytes.count
      }
    }
    guard !content.isEmpty else { return false }
    return takeSole(content.span, ArchiveWalk.gzipName(bytes), path, depth, visit)
  }

  /// What a compressed file without a name of its own is called.
  private static let unnamed = Array("content".utf8)

  /// The name in the header of a gzip file.
  private static func gzipName(_ bytes: Span<UInt8>) -> [UInt8] {
    guard bytes[3] & 8 != 0 else { return unnamed }
    var at = 10
    if bytes[3] & 4 != 0, bytes.count > 12 { at += 2 + Int(bytes[10]) + Int(bytes[11]) << 8 }
    var name: [UInt8] = []
    while at < bytes.count, bytes[at] != 0, name.count < 1_024 {
      name.append(bytes[at])
      at += 1
    }
    return name.isEmpty ? unnamed : name
  }

  /// The one content of a compressed file: an archive in it needs no name besides the file's.
  private mutating func takeSole(
    _ bytes: Span<UInt8>, _ name: [UInt8], _ path: [UInt8], _ depth: Int, _ visit: ([UInt8], Span<UInt8>) -> Void
  ) -> Bool {
    guard ArchiveFormat(bytes) != nil, depth + 1 < ArchiveLimits.depth else {
      return take(bytes, name, path, depth, visit)
    }
    budget -= bytes.count
    guard budget >= 0 else {
      spend(path)
      return true
    }
    if walk(bytes, path: path, depth: depth + 1, visit) { return true }
    visit(join(path, name), bytes)
    return true
  }

  private mutating func walkTar(
    _ bytes: Span<UInt8>, _ path: [UInt8], _ depth: Int, _ visit: ([UInt8], Span<UInt8>) -> Void
  ) -> Bool {
    var at = 0
    var longName: [UInt8]?
    while let header = TarHeader(bytes, at: at) {
      guard mayEnter(path) else { return true }
      let start = at + TarHeader.bytes
      let name = longName ?? header.name
      guard header.size <= bytes.count - start else {
        omit(join(path, name), "its bytes are not all there")
        return true
      }
      let content = bytes.extracting(start..<start + header.size)
      at = start + (header.size + 511) / 512 * 512
      switch header.kind {
      case 0x4c: longName = ArchiveWalk.text(content)
      case 0x78: longName = ArchiveWalk.paxPath(content) ?? longName
      case 0, 0x30, 0x37:
        longName = nil
        guard content.count <= maximumBytes else {
          omit(join(path, name), "it is larger than \(maximumBytes) bytes")
          continue
        }
        if !take(content, name, path, depth, visit) || isSpent { return true }
      default: longName = nil
      }
      if at > bytes.count { return true }
    }
    return true
  }

  private static func text(_ bytes: Span<UInt8>) -> [UInt8] {
    var text: [UInt8] = []
    for at in 0..<min(bytes.count, ArchiveLimits.nameBytes) {
      if bytes[at] == 0 { break }
      text.append(bytes[at])
    }
    return text
  }

  /// `29 path=…` in the records of a pax header.
  private static func paxPath(_ bytes: Span<UInt8>) -> [UInt8]? {
    let text = (0..<min(bytes.count, 1 << 16)).map { bytes[$0] }
    let key = Array(" path=".utf8)
    for line in text.split(separator: 0x0a) {
      guard let blank = line.firstIndex(of: 0x20), line[blank...].starts(with: key) else { continue }
      return Array(line[(blank + key.count)...].prefix(ArchiveLimits.nameBytes))
    }
    return nil
  }
}
