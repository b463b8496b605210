// From the bytes that an occurrence names back to the value: each decoder read on its own, without what stands round it.

public import Model

/// Reads encoded values.
public enum Decoders {
  /// What `bytes` mean to the decoders, outermost first; nil where one of them can't read what it gets.
  ///
  /// The bytes are those that a candidate's `secret` covers. They may begin and end within a group of base64.
  public static func decode(_ bytes: Span<UInt8>, _ decoders: [Decoder]) -> [UInt8]? {
    var value = bytes.indices.map { bytes[$0] }
    for decoder in decoders {
      guard !value.isEmpty, let next = decode(value, decoder) else { return nil }
      value = next
    }
    return value
  }

  private static func decode(_ value: [UInt8], _ decoder: Decoder) -> [UInt8]? {
    let whole = 0..<value.count
    var text = DecodedText(capacity: value.count)
    switch decoder {
    case .base64: return base64(value)
    case .bytes: return ByteList.decode(value.span)
    case .hex:
      guard value.count % 2 == 0, value.allSatisfy({ Octet.hex($0) != nil }) else { return nil }
      DigitRuns.decodeHex(whole, in: value.span, into: &text)
    case .utf16, .utf32:
      let width = decoder == .utf16 ? 2 : 4
      guard value.count % width == 0 else { return nil }
      // Keys are ASCII: the end of the units that has the zeroes is the high one.
      var zeroes = (first: 0, last: 0)
      for unit in stride(from: 0, to: value.count, by: width) {
        if value[unit] == 0 { zeroes.first += 1 }
        if value[unit + width - 1] == 0 { zeroes.last += 1 }
      }
      WideText(width: width, isBigEndian: zeroes.first > zeroes.last).decode(whole, in: value.span, into: &text)
    case .percent, .escape, .html, .quotedPrintable, .concat:
      guard let kind = EscapeKind(decoder) else { return nil }
      kind.decode(whole, in: value.span, into: &text)
    }
    return text.bytes
  }

  /// The digits may begin at any of three places in a group; what they mean from the right one is text.
  private static func base64(_ value: [UInt8]) -> [UInt8]? {
    var digits: [UInt8] = []
    digits.reserveCapacity(value.count + 2)
    for byte in value where Octet.base64[Int(byte)] < 64 { digits.append(byte) }
    guard value.allSatisfy({ Octet.base64[Int($0)] < 64 || [0x20, 0x09, 0x0a, 0x0d, 0x3d].contains($0) }) else {
      return nil
    }
    var best: (bytes: [UInt8], text: Int)?
    for phase in 0..<3 where (digits.count + phase) % 4 != 1 {
      // Zeroes in place of the digits before them: the bytes that those would have made are dropped.
      let padded = [UInt8](repeating: 0x41, count: phase) + digits
      var text = DecodedText(capacity: padded.count)
      DigitRuns.decode(0..<padded.count, in: padded.span, into: &text)
      let bytes = Array(text.bytes.dropFirst(phase))
      let count = bytes.count { Octet.isText($0) || $0 == 0 }
      if bytes.isEmpty || count * (best?.bytes.count ?? 1) <= (best?.text ?? -1) * bytes.count { continue }
      best = (bytes, count)
    }
    return best?.bytes
  }
}
