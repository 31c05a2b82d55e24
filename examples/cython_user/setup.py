from setuptools import Extension, setup

# woox-fast needs no entry here: Cython finds its .pxd in the installed package.
setup(name="cython-user", version="1", ext_modules=[Extension("cython_user", ["cython_user.pyx"])])
