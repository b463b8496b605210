// Lines and columns from offsets, counted as editors count them: from 1, columns in bytes.

/// Lines and columns of the first byte and of the last; the last column is that behind it.
package typealias LineExtent = (line: Int, column: Int, endLine: Int, endColumn: Int)

/// Where the lines of a text begin.
package struct LineIndex {
  private var starts = [0]

  /// Finds them.
  package init(_ bytes: Span<UInt8>) {
    for index in bytes.indices where bytes[index] == 0x0a { starts.append(index + 1) }
  }

  /// The line and column of the byte at `offset`.
  package func position(_ offset: Int) -> (line: Int, column: Int) {
    var low = 0
    var high = starts.count
    while low < high {
      let middle = (low + high) / 2
      if starts[middle] <= offset { low = middle + 1 } else { high = middle }
    }
    return (low, offset - starts[low - 1] + 1)
  }

  /// The bytes of a line, counted from 1, of a text of `count` bytes, without what ends it.
  package func bytes(of line: Int, count: Int) -> Range<Int> {
    let start = starts[line - 1]
    return start..<max(start, line < starts.count ? starts[line] - 1 : count)
  }

  /// The first byte's line and column, the last byte's line, and the column behind it.
  package func extent(_ range: Range<Int>) -> LineExtent {
    let first = position(range.lowerBound)
    let last = position(max(range.lowerBound, range.upperBound - 1))
    return (first.line, first.column, last.line, range.isEmpty ? last.column : last.column + 1)
  }
}
