import sys
from tests.simulation.world import run
o = run(int(sys.argv[1]), tell_all=len(sys.argv) > 2)
print(o)
