// Archives and compressed files by their first bytes, and the numbers in their headers. Whatever a header says is checked
// against the bytes that are there.

/// A kind of archive.
enum ArchiveFormat {
  case zip, tar, gzip, zlib

  /// The format of a content; nil for one that is no archive.
  init?(_ bytes: Span<UInt8>) {
    guard bytes.count > 18 else { return nil }
    switch (bytes[0], bytes[1]) {
    case (0x50, 0x4b):
      guard bytes[2] == 3 && bytes[3] == 4 || bytes[2] == 5 && bytes[3] == 6 else { return nil }
      self = .zip
    case (0x1f, 0x8b):
      guard bytes[2] == 8 else { return nil }
      self = .gzip
    // The usual windows, and a check sum; what then turns out to be no stream is read as it is.
    case (0x78, 0x01), (0x78, 0x5e), (0x78, 0x9c), (0x78, 0xda): self = .zlib
    default:
      guard TarHeader(bytes, at: 0) != nil else { return nil }
      self = .tar
    }
  }
}

/// A header of tar: 512 bytes before each entry.
struct TarHeader {
  static let bytes = 512
  private(set) var name: [UInt8] = []
  private(set) var size = 0
  private(set) var kind: UInt8 = 0

  /// Nil where no header with a sound check sum is.
  init?(_ bytes: Span<UInt8>, at start: Int) {
    guard start >= 0, start <= bytes.count - TarHeader.bytes, bytes[start] != 0 else { return nil }
    guard let sum = TarHeader.number(bytes, start + 148, 8) else { return nil }
    var own = 0
    for at in start..<start + TarHeader.bytes {
      own += (start + 148..<start + 156).contains(at) ? 0x20 : Int(bytes[at])
    }
    guard own == sum, let size = TarHeader.number(bytes, start + 124, 12) else { return nil }
    self.size = size
    kind = bytes[start + 156]
    func text(_ offset: Int, _ count: Int) -> [UInt8] {
      var text: [UInt8] = []
      for at in start + offset..<start + offset + count where bytes[at] != 0 && text.count == at - start - offset {
        text.append(bytes[at])
      }
      return text
    }
    name = text(0, 100)
    let isModern = (0..<5).allSatisfy { bytes[start + 257 + $0] == [0x75, 0x73, 0x74, 0x61, 0x72][$0] }
    let prefix = isModern && bytes[start + 262] == 0 ? text(345, 155) : []
    if !prefix.isEmpty { name = prefix + [0x2f] + name }
  }

  /// A number in octal digits, or where its first bit is set in binary; nil for anything else.
  private static func number(_ bytes: Span<UInt8>, _ start: Int, _ count: Int) -> Int? {
    var value = 0
    if bytes[start] & 0x80 != 0 {
      for at in start + 1..<start + count {
        guard value < 1 << 50 else { return nil }
        value = value << 8 | Int(bytes[at])
      }
      return value
    }
    var digits = 0
    for at in start..<start + count {
      switch bytes[at] {
      case 0x30...0x37:
        value = value << 3 | Int(bytes[at] & 7)
        digits += 1
      case 0x20, 0: if digits > 0 { return value }
      default: return nil
      }
    }
    return digits > 0 ? value : nil
  }
}

/// An entry of a zip file, as its directory or its own header tells it.
struct ZipEntry {
  var name: [UInt8]
  var method: Int
  var isEncrypted: Bool
  var packedSize: Int
  var size: Int
  /// Where the packed bytes begin.
  var start: Int

  /// The entries; those of the directory at the end or, where that is damaged, those that follow each other from the
  /// beginning. `isCut` says whether some can't be told.
  static func all(in bytes: Span<UInt8>, most: Int) -> (entries: [ZipEntry], isCut: Bool) {
    if let found = directory(bytes, most) { return found }
    return (sequence(bytes, most), true)
  }

  private static func short(_ bytes: Span<UInt8>, _ at: Int) -> Int {
    at >= 0 && at <= bytes.count - 2 ? Int(bytes[at]) | Int(bytes[at + 1]) << 8 : 0
  }

  private static func long(_ bytes: Span<UInt8>, _ at: Int) -> Int { short(bytes, at) | short(bytes, at + 2) << 16 }

  private static func isAt(_ signature: Int, _ bytes: Span<UInt8>, _ at: Int) -> Bool {
    at >= 0 && at <= bytes.count - 4 && long(bytes, at) == signature
  }

  private static func directory(_ bytes: Span<UInt8>, _ most: Int) -> (entries: [ZipEntry], isCut: Bool)? {
    let earliest = max(0, bytes.count - 22 - 65_535)
    var end = bytes.count - 22
    while end >= earliest, !isAt(0x0605_4b50, bytes, end) { end -= 1 }
    guard end >= earliest else { return nil }
    var at = long(bytes, end + 16)
    // The offset may be wrong by what was put before the archive; the directory's size tells.
    let counted = end - long(bytes, end + 12)
    if !isAt(0x0201_4b50, bytes, at) { at = counted }
    var entries: [ZipEntry] = []
    while isAt(0x0201_4b50, bytes, at) {
      if entries.count == most { return (entries, true) }
      let (nameSize, extraSize) = (short(bytes, at + 28), short(bytes, at + 30))
      let next = at + 46 + nameSize + extraSize + short(bytes, at + 32)
      guard next <= bytes.count else { return (entries, true) }
      let header = long(bytes, at + 42)
      guard isAt(0x0403_4b50, bytes, header) else { return (entries, true) }
      entries.append(
        ZipEntry(
          name: (at + 46..<at + 46 + nameSize).map { bytes[$0] }, method: short(bytes, at + 10),
          isEncrypted: short(bytes, at + 8) & 1 != 0, packedSize: long(bytes, at + 20), size: long(bytes, at + 24),
          start: header + 30 + short(bytes, header + 26) + short(bytes, header + 28)))
      at = next
    }
    return (entries, at < end && !isAt(0x0606_4b50, bytes, at) && !isAt(0x0505_4b50, bytes, at))
  }

  private static func sequence(_ bytes: Span<UInt8>, _ most: Int) -> [ZipEntry] {
    var entries: [ZipEntry] = []
    var at = 0
    while isAt(0x0403_4b50, bytes, at), entries.count < most {
      let nameSize = short(bytes, at + 26)
      let start = at + 30 + nameSize + short(bytes, at + 28)
      guard start <= bytes.count else { break }
      let packed = long(bytes, at + 18)
      // Sizes that follow the content are unknown here: it is tried as far as it goes.
      let isOpen = short(bytes, at + 6) & 8 != 0 && packed == 0
      entries.append(
        ZipEntry(
          name: (at + 30..<at + 30 + nameSize).map { bytes[$0] }, method: short(bytes, at + 8),
          isEncrypted: short(bytes, at + 6) & 1 != 0, packedSize: isOpen ? bytes.count - start : packed,
          size: long(bytes, at + 22), start: start))
      if isOpen { break }
      at = start + packed
    }
    return entries
  }
}
