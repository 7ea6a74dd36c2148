"""seq: write a sequence of numbers."""

from argparse import ArgumentTypeError
from decimal import Decimal, InvalidOperation, localcontext

from ..getopt import Getopt

_BATCH = 1024       # numbers that are written at once


def parser():
    parser = Getopt("seq", "Write a sequence of numbers.", number="",
                    usage="seq [-w] [-s TEXT] [FIRST [STEP]] LAST")
    parser.add_argument("-w", action="store_true", help="make all equally wide, with zeros")
    parser.add_argument("-s", metavar="TEXT", default="\n", help="what to write between them")
    parser.add_argument("number", nargs="+", type=_number, metavar="NUMBER")
    return parser


def _number(text):
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ArgumentTypeError(f"invalid number: '{text}'") from None
    if not number.is_finite() or abs(number.adjusted()) > 300 or len(text) > 300:
        raise ArgumentTypeError(f"invalid number: '{text}'")
    return number


def main(process, options):
    if len(options.number) > 3:
        parser().error(f"one operand too many: '{options.number[3]}'")
    first, step, last = Decimal(1), Decimal(1), options.number[-1]
    if len(options.number) > 1:
        first = options.number[0]
    if len(options.number) > 2:
        step = options.number[1]
    if not step:
        parser().error("the step must not be 0")
    places = max(_places(first), _places(step))
    width = max(_width(first, places), _width(last, places)) if options.w else 0
    texts, before = [], ""
    for number in _numbers(first, step, last, places):
        texts.append(_text(number, places, width))
        if len(texts) == _BATCH:
            yield from process.write(before + options.s.join(texts))
            texts, before = [], options.s
            yield
    if texts or before:
        yield from process.write((before if texts else "") + options.s.join(texts) + "\n")


def _places(number):
    """How many digits stand behind the point."""
    return max(0, -number.as_tuple().exponent)


def _scaled(number, places):
    """`number` as an exact count of the last place that is shown; what is smaller is cut off."""
    with localcontext() as context:
        context.prec = 1000
        return number.scaleb(places)


def _numbers(first, step, last, places):
    """Whole numbers, which `_text` makes decimals of: nothing is ever rounded."""
    number, step = int(_scaled(first, places)), int(_scaled(step, places))
    last = _scaled(last, places)
    while number <= last if step > 0 else number >= last:
        yield number
        number += step


def _text(number, places, width):
    if not places:
        return f"{number:0{width}}" if width else str(number)
    whole, rest = divmod(abs(number), 10 ** places)
    text = f"{whole}.{rest:0{places}}"
    sign = "-" if number < 0 else ""
    return sign + text.zfill(width - len(sign))


def _width(number, places):
    whole = int(number)
    sign = 1 if number < 0 else 0
    return len(str(abs(whole))) + sign + (places + 1 if places else 0)
